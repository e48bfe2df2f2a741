// Where these tests show things: 60 columns, no terminal, no colours.

import Presentation

let plainScreen = Screen(isTerminal: false, columns: 60, isColoured: false)
