Attribute VB_Name = "csmetrics_calls"
Option Explicit
Option Private Module
' Between a worksheet formula and Python: ranges are cut to the cells in use, values are sent, errors become real ones.

Private Const FUNCTIONS_MODULE As String = "csmetrics_addin.functions"
Private Const QUICK_SECONDS As Double = 10
' How often Python was started anew.
Public python_restarts As Long

' Sends a call to Python and gives the answer as cells take it. Where Python was ended or replaced, it is started and
' asked once more; not where that took long, as then the call itself hung and would hang again.
Public Function Ask(ByVal metric As String, ByVal values As Variant) As Variant
    Dim started As Double
    Dim answer As Variant
    started = Timer
    If Not Answered(metric, values, answer) Then
        If IsAlive() Then Err.Raise 1000, Description:="the call failed in Python"
        ForgetPython
        If Abs(Timer - started) > QUICK_SECONDS Then Err.Raise 1000, Description:="Python took too long"
        answer = XLPy.CallUDF(FUNCTIONS_MODULE, metric, values)
    End If
    Ask = WithRealErrors(answer)
End Function

' Ends Python, if it still runs. xlwings' library knows it by its command line, and takes an ended one for living:
' the next call has another command line.
Public Sub ForgetPython()
    On Error Resume Next
    KillPy
    python_restarts = python_restarts + 1
End Sub

Private Function IsAlive() As Boolean
    On Error Resume Next
    IsAlive = XLPy.Bool(True)
End Function

Private Function Answered(ByVal metric As String, ByVal values As Variant, ByRef answer As Variant) As Boolean
    On Error Resume Next
    answer = XLPy.CallUDF(FUNCTIONS_MODULE, metric, values)
    Answered = (Err.Number = 0)
End Function

' Whether the calling workbook counts its dates from 1904.
Public Function UsesDate1904() As Boolean
    If TypeName(Application.Caller) = "Range" Then
        UsesDate1904 = Application.Caller.Worksheet.Parent.Date1904
    ElseIf Not ActiveWorkbook Is Nothing Then
        UsesDate1904 = ActiveWorkbook.Date1904
    End If
End Function

' The value of an argument, a range with all its cells.
Public Function Whole(ByVal given As Variant) As Variant
    Dim cells_given As Range
    If TypeName(given) <> "Range" Then
        Whole = given
        Exit Function
    End If
    Set cells_given = given
    RefuseSeveralAreas cells_given
    Whole = cells_given.Value2
End Function

' The values of ranges that belong together row by row. All are cut at one common end, the last used cell any of
' them reaches, each counted from its own first cell: so whole columns cost little and rows stay side by side.
Public Function Together(ParamArray given() As Variant) As Variant
    Dim i As Long, last_row As Long, last_column As Long
    Dim values() As Variant
    For i = LBound(given) To UBound(given)
        If TypeName(given(i)) = "Range" Then
            last_row = Larger(last_row, UsedRows(given(i)))
            last_column = Larger(last_column, UsedColumns(given(i)))
        End If
    Next i
    ReDim values(0 To UBound(given))
    For i = LBound(given) To UBound(given)
        If TypeName(given(i)) = "Range" Then
            values(i) = CutAt(given(i), last_row, last_column)
        Else
            values(i) = given(i)
        End If
    Next i
    Together = values
End Function

Private Function CutAt(ByVal given As Range, ByVal last_row As Long, ByVal last_column As Long) As Variant
    RefuseSeveralAreas given
    CutAt = given.Resize(Smaller(given.Rows.Count, last_row), Smaller(given.Columns.Count, last_column)).Value2
End Function

' Of several areas Excel would send the first alone, which would be a wrong number without a word.
Private Sub RefuseSeveralAreas(ByVal given As Range)
    If given.Areas.Count > 1 Then Err.Raise 5
End Sub

Private Function UsedRows(ByVal given As Range) As Long
    With given.Worksheet.UsedRange
        UsedRows = Larger(1, .Row + .Rows.Count - given.Row)
    End With
End Function

Private Function UsedColumns(ByVal given As Range) As Long
    With given.Worksheet.UsedRange
        UsedColumns = Larger(1, .Column + .Columns.Count - given.Column)
    End With
End Function

Private Function Larger(ByVal a As Long, ByVal b As Long) As Long
    If a > b Then Larger = a Else Larger = b
End Function

Private Function Smaller(ByVal a As Long, ByVal b As Long) As Long
    If a < b Then Smaller = a Else Smaller = b
End Function

' Python names an error by its text, because an error value does not travel. One row arrives as a list, more as rows.
Public Function WithRealErrors(ByVal answer As Variant) As Variant
    Dim r As Long, c As Long
    If Not IsArray(answer) Then
        WithRealErrors = RealError(answer)
    ElseIf HasRows(answer) Then
        For r = LBound(answer, 1) To UBound(answer, 1)
            For c = LBound(answer, 2) To UBound(answer, 2)
                If VarType(answer(r, c)) = vbString Then answer(r, c) = RealError(answer(r, c))
            Next c
        Next r
        WithRealErrors = answer
    Else
        For c = LBound(answer) To UBound(answer)
            If VarType(answer(c)) = vbString Then answer(c) = RealError(answer(c))
        Next c
        WithRealErrors = answer
    End If
End Function

Private Function HasRows(ByVal answer As Variant) As Boolean
    Dim last_column As Long
    On Error Resume Next ' a list has no second bound
    last_column = UBound(answer, 2)
    HasRows = (Err.Number = 0)
End Function

Private Function RealError(ByVal value As Variant) As Variant
    RealError = value
    If VarType(value) <> vbString Then Exit Function
    Select Case value
        Case "#N/A": RealError = CVErr(xlErrNA)
        Case "#DIV/0!": RealError = CVErr(xlErrDiv0)
        Case "#NUM!": RealError = CVErr(xlErrNum)
        Case "#VALUE!": RealError = CVErr(xlErrValue)
        Case "#REF!": RealError = CVErr(xlErrRef)
        Case "#NAME?": RealError = CVErr(xlErrName)
        Case "#NULL!": RealError = CVErr(xlErrNull)
    End Select
End Function
