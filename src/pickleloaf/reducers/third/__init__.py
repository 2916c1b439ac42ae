"""Objects of other libraries, a file each; none of these libraries is imported before one of its objects is met."""
