// The English words that the report's recipe removes: Snowball's stop list (snowballstem.org,
// BSD licence), in the form without apostrophes' tails that its own word rule yields.

enum StopWords {
    static let english: Set<[UInt8]> = Set(list.split(separator: " ").map { Array($0.utf8) })

    private static let list = """
        i me my myself we us our ours ourselves you your yours yourself yourselves he him his \
        himself she her hers herself it its itself they them their theirs themselves what which \
        who whom this that these those am is are was were be been being have has had having do \
        does did doing will would shall should can could may might must ought re ve ll isn aren \
        wasn weren hasn haven hadn doesn don didn won wouldn shan shouldn can cannot couldn mustn \
        let here there when where why how a an the and but if or because as until while of at by \
        for with about against between into through during before after above below to from up \
        down in out on off over under again further then once all any both each few more most \
        other some such no nor not only own same so than too very s t d m
        """
}
