"""How an audit looks: an outline for people, and the formats that other tools read.

`audit_outline` is what terminal, Markdown and page show, in one order: above, below, between, can't
say. CycloneDX, SPDX and SARIF are made from the same joined audit. All are pure and give the same
bytes for the same input; clocks are handed in.
"""
