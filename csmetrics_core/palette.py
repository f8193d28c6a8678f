"""The colours of charts, cards and workbooks: told apart in grey, and dark enough to read where they carry text."""

INK, MUTED, LINE, PALE, PAPER = "#1F2933", "#52606D", "#CBD2D9", "#F5F7FA", "#FFFFFF"
ACCENT, ACCENT_SOFT, ACCENT_PALE = "#1F4E79", "#9DBBDA", "#DCE6F1"

#: Chart series, dark to light so that they stay apart in grey.
SERIES = ("#1F4E79", "#C05621", "#7B9CC0", "#A0AEC0", "#E2A77B")
#: Those that follow where there are more, as in the classes of a ledger.
SERIES_MORE = ("#5B7F6B", "#7A4E7E", "#8A7A3F", "#4A5568", "#B56576", "#9AB87A", "#C9B458", "#B39BC8")

#: Word a person reads -> (ink, fill): dark on pale, told apart by the word, the colour only repeats it.
STATUS = {"met": ("#14532D", "#DDF0E0"), "near": ("#713F12", "#FDF0CC"), "missed": ("#8B1A1A", "#F9DCDA")}

#: Filled shapes that mean good, caution and bad.
GOOD, CAUTION, BAD = "#2F7D4F", "#B7791F", "#A32A2A"

#: Shades of one colour for a heat map, from little to much.
HEAT = ("#E3ECF5", "#8FB3D9")
