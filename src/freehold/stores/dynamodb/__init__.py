"""The store for DynamoDB: one table for everything, and the tenant first in every key."""

from freehold.stores.dynamodb.database import DynamoDb

__all__ = ["DynamoDb"]
