"""The demo of Sunset: real files, real users, real crashes, over HTTP. Standard library only."""
