"""What the course measures of itself: the commands under ``course bench``."""
