"""The colours of charts, cards and workbooks; each also tells itself apart in grey, and text ones have contrast 4.5."""

INK = "#1F2933"
MUTED = "#52606D"
RULE = "#D3DAE3"
WASH = "#F3F6FA"
PAPER = "#FFFFFF"
ACCENT = "#1F5FA8"
ACCENT_SOFT = "#A9C4E4"

#: For lines and bars beside each other; told apart with every kind of colour vision.
SERIES = (ACCENT, "#D9822B", "#0F7B7D", "#8E4585", "#6B7280", "#A8780B")

GOOD, GOOD_SOFT = "#1B7F4B", "#D8F0E2"
CAUTION, CAUTION_SOFT = "#8A5A00", "#FBEBC8"
BAD, BAD_SOFT = "#B42318", "#F9DAD6"

#: From nothing to everything, for heat maps.
HEAT = ("#F3F6FA", "#A9C4E4", "#1F5FA8", "#123A68")
