//! Floor 6: the event loop that joins the engine and the screen.
