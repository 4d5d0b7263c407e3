"""What the supervisor runs: how a child is started, watched, restarted and stopped, and by whom if all else fails."""
