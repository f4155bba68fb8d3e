"""What can be done: each public writing function is one act in one transaction."""
