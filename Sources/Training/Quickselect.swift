/// Order statistics without sorting.
package enum Quickselect {
    /// The element that would stand at `index` if `values` were sorted. Reorders `values`; they hold no NaN.
    ///
    /// Hoare's selection with the median of three as pivot.
    /// - Complexity: O(n) on average.
    package static func element(at index: Int, of values: inout [Float]) -> Float {
        precondition(values.indices.contains(index))
        return values.withUnsafeMutableBufferPointer { buffer in
            var low = 0
            var high = buffer.count - 1
            while low < high {
                let pivot = medianOfThree(buffer[low], buffer[low + (high - low) / 2], buffer[high])
                var i = low
                var j = high
                while i <= j {
                    while buffer[i] < pivot { i += 1 }
                    while buffer[j] > pivot { j -= 1 }
                    if i <= j {
                        buffer.swapAt(i, j)
                        i += 1
                        j -= 1
                    }
                }
                if index <= j {
                    high = j
                } else if index >= i {
                    low = i
                } else {
                    break
                }
            }
            return buffer[index]
        }
    }

    private static func medianOfThree(_ a: Float, _ b: Float, _ c: Float) -> Float { max(min(a, b), min(max(a, b), c)) }
}
