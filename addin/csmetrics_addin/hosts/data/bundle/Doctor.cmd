@echo off
title csmetrics
"%~dp0python\python.exe" -P -m csmetrics_addin addin doctor
set wrong=%errorlevel%
pause
exit /b %wrong%
