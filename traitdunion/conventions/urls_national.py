"""Addresses of the national view, the contacts and the meetings."""

from django.urls import URLPattern

patterns: list[URLPattern] = []
