"""An IBM job from its circuits to its decoded outputs."""
