"""Calls to AWS over the standard library: signed, retried within a budget, bounded in time, without boto3."""
