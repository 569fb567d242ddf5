"""From numbers to sentences, tables, figures and pages."""
