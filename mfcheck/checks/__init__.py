"""The shapes of checks that papers repeat: numbers in, evidence out."""
