Attribute VB_Name = "csmetrics_ribbon"
Option Explicit
Option Private Module
' What the buttons of the csmetrics tab do.

Private Const RIBBON_MODULE As String = "csmetrics_addin.hosts.ribbon"

Public Sub CsmInsertFunction(control As IRibbonControl)
    On Error GoTo failed
    Application.Dialogs(xlDialogFunctionWizard).Show
    Exit Sub
failed:
    MsgBox "Select an empty cell of a worksheet first.", vbInformation, "csmetrics"
End Sub

Public Sub CsmNewWorkbook(control As IRibbonControl)
    Dim offered As String, chosen As String
    On Error GoTo failed
    offered = XLPy.Str(XLPy.Call(XLPy.Module(RIBBON_MODULE), "templates", XLPy.Tuple()))
    chosen = InputBox("Type the name of a template:" & vbCrLf & vbCrLf & offered, "New workbook from template")
    If chosen = "" Then Exit Sub
    Workbooks.Open XLPy.Str(XLPy.Call(XLPy.Module(RIBBON_MODULE), "new_workbook", XLPy.Tuple(chosen)))
    Exit Sub
failed:
    MsgBox Err.Description, vbExclamation, "csmetrics"
End Sub

Public Sub CsmAbout(control As IRibbonControl)
    On Error GoTo failed
    MsgBox XLPy.Str(XLPy.Call(XLPy.Module(RIBBON_MODULE), "about", XLPy.Tuple())), vbInformation, "csmetrics"
    Exit Sub
failed:
    MsgBox "Python did not answer. In a terminal, run: csmetrics addin doctor" & vbCrLf & vbCrLf & Err.Description, _
        vbExclamation, "csmetrics"
End Sub

' Ends Python, whatever it does, and starts it anew.
Public Sub CsmRestartPython(control As IRibbonControl)
    Dim answer As Variant
    On Error GoTo failed
    ForgetPython
    answer = CSM_VERSION()
    If IsError(answer) Then Err.Raise 1000, Description:="Python did not start"
    MsgBox answer & " answers. Press Ctrl+Alt+F9 to calculate everything anew.", vbInformation, "csmetrics"
    Exit Sub
failed:
    MsgBox "Python did not answer. In a terminal, run: csmetrics addin doctor" & vbCrLf & vbCrLf & Err.Description, _
        vbExclamation, "csmetrics"
End Sub

Public Sub CsmRefreshFormulas(control As IRibbonControl)
    Dim entered As Long, refused As Long
    If ActiveWorkbook Is Nothing Then Exit Sub
    RefreshWorkbook ActiveWorkbook, entered, refused
    If refused = 0 Then
        MsgBox entered & " formulas entered again.", vbInformation, "csmetrics"
    Else
        MsgBox entered & " formulas entered again, " & refused & " refused: unprotect their sheets and try again.", _
            vbExclamation, "csmetrics"
    End If
End Sub

' Enters every formula that calls us again: a function typed before the add-in was there stays #NAME? until then.
Public Sub RefreshWorkbook(ByVal book As Workbook, ByRef entered As Long, ByRef refused As Long)
    Dim sheet As Worksheet, cell As Range, formulas As Range
    Dim names As Variant
    names = FunctionNames()
    For Each sheet In book.Worksheets
        Set formulas = FormulasOf(sheet)
        If Not formulas Is Nothing Then
            For Each cell In formulas.Cells
                If CallsOneOf(names, cell.Formula) And Not IsSpilledInto(cell) Then
                    If EnteredAgain(cell) Then entered = entered + 1 Else refused = refused + 1
                End If
            Next cell
        End If
    Next sheet
End Sub

Private Function FormulasOf(ByVal sheet As Worksheet) As Range
    On Error Resume Next ' a sheet without formulas is an error to SpecialCells
    Set FormulasOf = sheet.UsedRange.SpecialCells(xlCellTypeFormulas)
End Function

Private Function CallsOneOf(ByVal names As Variant, ByVal formula As String) As Boolean
    Dim i As Long
    For i = LBound(names) To UBound(names)
        If InStr(1, formula, names(i) & "(", vbTextCompare) > 0 Then
            CallsOneOf = True
            Exit Function
        End If
    Next i
End Function

' A cell a result spills into may show the formula of the first one; entered there, it would block that result.
Private Function IsSpilledInto(ByVal cell As Range) As Boolean
    Dim target As Object
    Set target = cell
    On Error Resume Next ' Excel before dynamic arrays knows no spills
    If target.HasSpill Then IsSpilledInto = (target.SpillParent.Address <> target.Address)
End Function

' Excel with dynamic arrays knows Formula2; an array entered by hand is entered as a whole.
Private Function EnteredAgain(ByVal cell As Range) As Boolean
    Dim target As Object
    Set target = cell
    On Error Resume Next
    target.Formula2 = Spelled(target.Formula2)
    If Err.Number <> 0 Then
        Err.Clear
        If cell.HasArray Then
            cell.CurrentArray.FormulaArray = Spelled(cell.CurrentArray.FormulaArray)
        Else
            cell.Formula = Spelled(cell.Formula)
        End If
    End If
    EnteredAgain = (Err.Number = 0)
End Function

' The formula without what another host or another computer left in its names.
Public Function Spelled(ByVal formula As String) As String
    Dim marked As Long, quoted As Long
    Spelled = Replace(formula, "_xldudf_", "", Compare:=vbTextCompare)
    marked = InStr(1, Spelled, "csmetrics.xlam'!", vbTextCompare)
    Do While marked > 0
        quoted = InStrRev(Spelled, "'", marked)
        If quoted = 0 Then Exit Do
        Spelled = Left$(Spelled, quoted - 1) & Mid$(Spelled, marked + Len("csmetrics.xlam'!"))
        marked = InStr(1, Spelled, "csmetrics.xlam'!", vbTextCompare)
    Loop
    Spelled = Replace(Spelled, "csmetrics.xlam!", "", Compare:=vbTextCompare)
End Function
