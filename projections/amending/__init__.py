"""Approvals that wait, evidence kept, the policy in force."""
