"""The scripts a workbook that carries its own engine offers in xlwings Lite."""

from xlwings import BookAsync, script

from csmetrics_addin.spelling import as_typed, functions_in


@script(name="Refresh formulas")
async def refresh_formulas(book: BookAsync) -> None:
    """Enter every formula that calls a csmetrics function again.

    A function that was in the workbook before the add-in was there shows #NAME? until then.
    """
    for sheet in book.sheets:
        used = await sheet.get_used_range()
        if used is None:
            continue
        for row, texts in enumerate(await used.options(ndim=2).get_formula()):
            for column, text in enumerate(texts):
                if isinstance(text, str) and text.startswith("=") and functions_in(text):
                    used[row, column].formula = as_typed(text)
