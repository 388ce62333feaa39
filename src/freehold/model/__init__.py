"""What an app is: values only. Knows Python's standard library and Pydantic, and nothing else of freehold."""
