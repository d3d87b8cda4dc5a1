"""Custom UI components for Python apps that cannot harm the app they live in."""
