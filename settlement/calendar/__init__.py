"""When windows close, and the days that follow."""
