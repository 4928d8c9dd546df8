"""PennyLane's Lightning devices, a whole batch in one register, or tape by tape."""
