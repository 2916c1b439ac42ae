"""Handles on something of this process; `policy.handles.KINDS` says what becomes of each kind."""
