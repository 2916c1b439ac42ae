"""Questions about code objects: what they use, and how they become bytes."""
