"""What an app needs around it, read off its model: so far the policies of its table."""
