@echo off
title csmetrics
if not exist "%~dp0python\python.exe" goto packed
"%~dp0python\python.exe" -P -m csmetrics_addin addin uninstall --host excel
if errorlevel 1 goto failed
echo Close Excel, then delete this folder: nothing else is left.
pause
exit /b 0
:packed
echo The Python of this folder is not there: start Uninstall.cmd in the folder Install.cmd was started in.
pause
exit /b 1
:failed
echo Not everything was removed; close Excel and start this again.
pause
exit /b 1
