"""The pages: what each notebook shows, exhibit by exhibit, once for the screen and for paper."""
