"""What Baton is measured beside. Each is a program of its own, and makes the same transaction before it answers."""
