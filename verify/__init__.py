"""The data plane and the ground floor: pure rules both planes share; imports none of the other apps."""
