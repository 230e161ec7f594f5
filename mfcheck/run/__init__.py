"""Runs checks in parallel, seeded and resumable, and stores their evidence."""
