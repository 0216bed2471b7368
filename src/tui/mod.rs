//! Floor 5: draws the model with ratatui and turns terminal events into keys.
