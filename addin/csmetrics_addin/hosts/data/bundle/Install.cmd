@echo off
title csmetrics
if not exist "%~dp0python\python.exe" goto packed
echo Installing for you alone; no administrator and no network are needed. This takes up to a minute.
"%~dp0python\python.exe" -P -m csmetrics_addin addin install --host excel
if errorlevel 1 goto failed
"%~dp0python\python.exe" -P -m csmetrics_addin addin doctor
rem What other programs lack, doctor says too; it is no reason to fail.
echo Keep this folder where it is: Excel starts the Python in it.
pause
exit /b 0
:packed
echo Unpack the whole zip first: right-click it, choose Extract All, then start Install.cmd in the new folder.
pause
exit /b 1
:failed
echo Not everything is in place; the lines above say what is missing.
pause
exit /b 1
