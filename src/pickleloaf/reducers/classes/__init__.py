"""Classes that go by value: how they are taken apart, made again, known again and kept up to date."""
