"""What stands around the engine: settings, session, figures, errors."""
