"""The commands of `tideline`, each thin: they call the workspace, the samples or what ships."""
