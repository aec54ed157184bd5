"""Points given to another member, and purses that a family shares."""
