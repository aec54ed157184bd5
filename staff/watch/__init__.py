"""What those who run the hub watch: when each job ran last, and what failed that should not."""
