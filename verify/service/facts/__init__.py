"""What this process knows: facts held in memory, and read from Redis where they are not."""
