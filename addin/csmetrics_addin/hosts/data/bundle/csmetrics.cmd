@echo off
"%~dp0python\python.exe" -P -m csmetrics_addin %*
