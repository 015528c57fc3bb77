# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire: the shapes of questions and answers, shared by the server and the client."""
