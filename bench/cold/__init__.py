"""What a cold start has to import. Each file runs by itself; `event` as its argument makes it answer one request."""
