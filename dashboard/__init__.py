"""The pages of the control plane: what members see and do in a browser."""
