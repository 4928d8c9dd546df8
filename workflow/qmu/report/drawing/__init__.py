"""What figures are drawn with: colours, type, panels, dots with intervals."""
