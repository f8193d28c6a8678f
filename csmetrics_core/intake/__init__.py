"""Raw cells of any host -> clean arrays, by role and kind, with everything dropped counted."""
