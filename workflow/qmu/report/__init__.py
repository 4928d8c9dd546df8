"""Tables and figures for people; the only place that imports matplotlib."""
