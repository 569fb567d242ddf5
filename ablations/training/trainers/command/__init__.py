"""Any program as a trainer: ``trainer: {command: [python, train.py, "{seed}", "{directory}"]}``."""
