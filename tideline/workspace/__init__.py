"""The local workspace: a stand-in for Databricks that runs any bundle. Imports nothing from `src`."""
