//! Floor 4: the pure model of the program: messages in, effects out.
