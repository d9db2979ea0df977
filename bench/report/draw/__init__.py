"""Charts -> matplotlib figures -> SVG, PDF, PNG. The one place that imports matplotlib."""
