Module Programs.
(* --- means of several formulas with common parts: each step makes a formula of earlier ones, 0 for the last of them --- *)
Inductive step :=
  | SVar | SPar (k : nat) | SNum (z : Z) | SNeg (i : nat) | SAdd (i j : nat) | SSub (i j : nat) | SMul (i j : nat)
  | SDiv (i j : nat) | SPow (i n : nat) | SExp (i : nat) | STanh (i : nat).
Definition tree (past : list term) (s : step) : term :=
  let g i := List.nth i past (Num 0) in
  match s with
  | SVar => Var | SPar k => Par k | SNum z => Num z | SNeg i => Neg (g i) | SAdd i j => Add (g i) (g j) | SSub i j => Sub (g i) (g j)
  | SMul i j => Mul (g i) (g j) | SDiv i j => Div (g i) (g j) | SPow i n => Pow (g i) n | SExp i => Exp (g i) | STanh i => Tanh (g i)
  end.
Fixpoint trees (past : list term) (l : list step) : list term :=
  match l with nil => past | cons s l' => trees (cons (tree past s) past) l' end.
Definition made := (term * list I.type)%type.
Definition nothing : made := (Num 0, nil).
Definition work (p : F.precision) (E : list I.type) (X : I.type) (d : nat) (past : list made) (s : step) : list I.type :=
  let g i := snd (List.nth i past nothing) in
  match s with
  | SVar => coefs p E X Var d | SPar k => coefs p E X (Par k) d | SNum z => coefs p E X (Num z) d
  | SNeg i => List.map I.neg (g i)
  | SAdd i j => pointwise (I.add p) (g i) (g j)
  | SSub i j => pointwise (I.sub p) (g i) (g j)
  | SMul i j =>
    if fixed (fst (List.nth i past nothing)) then let y := start (g i) in List.map (I.mul p y) (g j)
    else products p (g i) (g j) nil
  | SDiv i j => if fixed (fst (List.nth j past nothing)) then let y := start (g j) in List.map (fun x => over p x y) (g i) else nil
  | SPow i n => power p (g i) n d
  | SExp i => let ca := g i in flowing p 0 1 0 ca (I.exp p (start ca)) d
  | STanh i => let ca := g i in flowing p 1 0 (-1) ca (tanh_ p (start ca)) d
  end.
Fixpoint run (p : F.precision) (E : list I.type) (X : I.type) (d : nat) (past : list made) (l : list step) : list made :=
  match l with
  | nil => past | cons s l' => run p E X d (cons (tree (List.map fst past) s, work p E X d past s) past) l'
  end.
Definition follows_ (e : list R) (x : R) (m : made) : Prop :=
  tame false (fst m) = true -> forall k, holds (at_ (snd m) k) (coef (value e (fst m)) k x).
Definition all_tame (l : list term) : bool := List.forallb (tame false) l.
Lemma nil_follows : forall e x, follows_ e x nothing.
Proof. intros e x _ k. destruct k; apply holds_nai. Qed.
Lemma nth_fst : forall (past : list made) i, List.nth i (List.map fst past) (Num 0) = fst (List.nth i past nothing).
Proof. intros. exact (List.map_nth fst past nothing i). Qed.
Lemma work_correct : forall p E e X x d past s, around E e -> holds X x -> (forall i, follows_ e x (List.nth i past nothing)) ->
  follows_ e x (tree (List.map fst past) s, work p E X d past s).
Proof.
  intros p E e X x d past s HE HX H T. cbn [fst snd] in *.
  destruct s; cbn [tree work] in *; rewrite ?nth_fst in *; try (apply (coefs_correct p E e X x HE HX); exact T);
    cbn [tame] in T; parts;
    repeat match goal with Q : tame false (fst (List.nth ?i past nothing)) = true |- _ => pose proof (H i Q); pose proof (tame_smooth e _ Q); revert Q end; intros;
    set (a := List.nth i past nothing) in *; try set (b := List.nth j past nothing) in *; intros; cbn [value].
  - assert (Q : coef (fun x0 => - value e (fst a) x0) k x = - coef (value e (fst a)) k x).
    { apply (coef_unique (fun x => - value e (fst a) x) (fun k x => - coef (value e (fst a)) k x)).
      - now apply smooth_neg.
      - intros k' y. rewrite Ropp_mult_distr_r_reverse. apply (is_derive_opp (coef (value e (fst a)) k')). now apply coef_sequence.
      - intros. now rewrite coef_0. }
    rewrite Q. now apply (map_correct _ _ holds_neg _ (fun k => coef (value e (fst a)) k x)).
  - rewrite coef_plus by auto.
    apply (pointwise_correct _ _ (holds_add p) _ _ (fun k => coef (value e (fst a)) k x) (fun k => coef (value e (fst b)) k x)); auto.
  - assert (Q : coef (fun x0 => value e (fst a) x0 - value e (fst b) x0) k x = coef (value e (fst a)) k x - coef (value e (fst b)) k x).
    { apply (coef_unique (fun x => value e (fst a) x - value e (fst b) x) (fun k x => coef (value e (fst a)) k x - coef (value e (fst b)) k x)).
      - now apply smooth_sub.
      - intros k' y. rewrite Rmult_minus_distr_l. apply (is_derive_minus (coef (value e (fst a)) k')); now apply coef_sequence.
      - intros. now rewrite !coef_0. }
    rewrite Q. apply (pointwise_correct _ _ (holds_sub p) _ _ (fun k => coef (value e (fst a)) k x) (fun k => coef (value e (fst b)) k x)); auto.
  - destruct (fixed (fst a)) eqn:Fx; [|now apply products_all].
    assert (Q : coef (fun x0 => value e (fst a) x0 * value e (fst b) x0) k x = value e (fst a) x * coef (value e (fst b)) k x).
    { rewrite (coef_unique (fun x0 => value e (fst a) x0 * value e (fst b) x0) (fun k y => value e (fst a) x * coef (value e (fst b)) k y)); auto.
      - intros n. apply smooth_mult; auto.
      - intros k' y. replace (INR (S k') * (value e (fst a) x * coef (value e (fst b)) (S k') y)) with (value e (fst a) x * (INR (S k') * coef (value e (fst b)) (S k') y)) by ring.
        apply is_derive_scal. now apply coef_sequence.
      - intros. rewrite coef_0. f_equal. now apply fixed_correct. }
    rewrite Q. apply (map_correct (I.mul p (start (snd a))) (fun u => value e (fst a) x * u)) with (c := fun k => coef (value e (fst b)) k x); auto.
    intros. apply holds_mul; auto. rewrite <- coef_0. unfold start. auto.
  - destruct (fixed (fst b)) eqn:Fx; [|destruct k; apply holds_nai].
    assert (Q : coef (fun x0 => value e (fst a) x0 / value e (fst b) x0) k x = coef (value e (fst a)) k x / value e (fst b) x).
    { rewrite (coef_unique (fun x0 => value e (fst a) x0 / value e (fst b) x0) (fun k y => coef (value e (fst a)) k y / value e (fst b) x)); auto.
      - intros n. apply smooth_ext with (f := fun x0 => value e (fst a) x0 * / value e (fst b) x).
        intros; unfold Rdiv; f_equal; f_equal; now apply fixed_correct. apply smooth_mult; auto. apply smooth_const.
      - intros k' y. unfold Rdiv. rewrite <- Rmult_assoc. apply (is_derive_ext (fun y => / value e (fst b) x * coef (value e (fst a)) k' y)).
        intros; apply Rmult_comm. rewrite (Rmult_comm _ (/ _)). apply is_derive_scal. now apply coef_sequence.
      - intros. rewrite coef_0. f_equal. now apply fixed_correct. }
    rewrite Q. apply (map_correct (fun x0 => over p x0 (start (snd b))) (fun u => u / value e (fst b) x)) with (c := fun k => coef (value e (fst a)) k x); auto.
    intros. apply holds_over; auto. rewrite <- coef_0. unfold start. auto.
  - apply power_correct; auto.
  - apply (flowing_correct p 0 1 0 (value e (fst a))); auto. now apply derive_exp.
    apply holds_exp. rewrite <- coef_0. unfold start. auto.
  - apply (flowing_correct p 1 0 (-1) (value e (fst a))); auto. now apply derive_tanh.
    apply holds_tanh. rewrite <- coef_0. unfold start. auto.
Qed.
Lemma run_trees : forall p E X d l past, List.map fst (run p E X d past l) = trees (List.map fst past) l.
Proof. induction l as [|s l]; intros past; cbn [run trees]; auto. now rewrite IHl. Qed.
Lemma run_correct : forall p E e X x d, around E e -> holds X x -> forall l past, (forall i, follows_ e x (List.nth i past nothing)) ->
  forall i, follows_ e x (List.nth i (run p E X d past l) nothing).
Proof.
  intros p E e X x d HE HX. induction l as [|s l]; intros past H i; cbn [run]; auto. apply IHl. intros [|k]; cbn [List.nth]; auto. now apply work_correct.
Qed.
(* Number i of what a program makes, with the density, on one panel: precise at its middle, coarse on all of it. *)
Definition on_panel (p q : F.precision) (d : nat) (B : I.type) (bell bell' : list I.type) (fine wide : list made) (i : nat) : I.type :=
  let c := products p (snd (List.nth i fine nothing)) bell nil in
  let c' := products q (snd (List.nth i wide nothing)) bell' nil in
  let error := I.mul q (I.fromZ q 2) (I.mul q (over q (I.abs (at_ c' d)) (I.fromZ q (Z.of_nat (S d)))) (raised q B (S d))) in
  I.add p (rule p B B 1 false d c) (I.mul q error (unit_ q)).
Definition on_panels (p q : F.precision) (E E' : list I.type) (l : list step) (outs : list nat) (d : nat) (M B : I.type) : list I.type :=
  let X := I.add q M (I.mul q B (unit_ q)) in
  let fine := run p E M d nil l in
  let wide := run q E' X d nil l in
  let b := coefs p E M bell_ d in
  let b' := coefs q E' X bell_ d in
  List.map (on_panel p q d B b b' fine wide) outs.
Lemma around_rest : forall p q M B m b d f (c : list I.type) rest, Smooth f -> holds M m -> holds B b -> 0 <= b -> (forall k, holds (at_ c k) (coef f k m)) ->
  (forall x, m - b <= x <= m + b -> holds rest (coef f d x)) ->
  holds (I.add p (rule p B B 1 false d c) (I.mul q (I.mul q (I.fromZ q 2) (I.mul q (over q (I.abs rest) (I.fromZ q (Z.of_nat (S d)))) (raised q B (S d)))) (unit_ q)))
    (RInt f (m - b) (m + b)).
Proof.
  intros p q M B m b d f c rest S HM HB P HC HR.
  assert (exists y, m - b <= y <= m + b /\ forall x, m - b <= x <= m + b -> Rabs (coef f d x) <= Rabs (coef f d y)) as [y [Y1 Y2]].
  { destruct (continuity_ab_maj (fun x => Rabs (coef f d x)) (m - b) (m + b) ltac:(lra)) as [y [Y1 Y2]].
    - intros. apply continuity_pt_filterlim. apply (continuous_comp (coef f d) Rabs); [|apply continuous_Rabs].
      apply (ex_derive_continuous (coef f d)). eexists. now apply coef_sequence.
    - exists y. auto. }
  pose proof (quadrature f S d m b _ P Y2) as Q.
  replace (RInt f (m - b) (m + b)) with (total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))) +
    (RInt f (m - b) (m + b) - total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))))) by ring.
  apply holds_add.
  - apply (rule_correct p B b HB d _ B O (fun k => coef f k m)). now rewrite pow_1. intros. apply HC.
  - apply holds_wide with (b := 2 * (Rabs (coef f d y) / INR (Datatypes.S d) * b ^ Datatypes.S d)); auto.
    apply holds_mul; [apply holds_Z|]. apply holds_mul; [|now apply raised_correct]. rewrite INR_IZR_INZ.
    apply holds_over; [|apply holds_Z]. apply holds_abs. auto.
Qed.
Lemma at_map : forall (f : nat -> I.type) (v : nat -> R) l, (forall o, holds (f o) (v o)) -> forall i, holds (at_ (List.map f l) i) (v (List.nth i l O)).
Proof.
  intros f v l H. induction l as [|o l]; intros i. destruct i; apply holds_nai. destruct i as [|i]; simpl. apply H. apply IHl.
Qed.
Definition integrand (l : list step) (o : nat) : term := Mul (List.nth o (trees nil l) (Num 0)) bell_.
Lemma on_panels_correct : forall p q E E' e l outs d M B m b, around E e -> around E' e -> all_tame (trees nil l) = true -> holds M m -> holds B b -> 0 <= b ->
  forall i, holds (at_ (on_panels p q E E' l outs d M B) i) (RInt (value e (integrand l (List.nth i outs O))) (m - b) (m + b)).
Proof.
  intros p q E E' e l outs d M B m b HE HE' T HM HB P i. unfold on_panels.
  set (X := I.add q M (I.mul q B (unit_ q))).
  apply (at_map (on_panel p q d B _ _ _ _) (fun o => RInt (value e (integrand l o)) (m - b) (m + b))). intros o. unfold on_panel.
  assert (HX : forall x, m - b <= x <= m + b -> holds X x).
  { intros. apply (holds_part q X M B x m b); auto. apply Rabs_le. lra. }
  assert (N0 : forall x i, follows_ e x (List.nth i nil nothing)) by (intros x k; destruct k; apply nil_follows).
  assert (Eq : forall p E X, fst (List.nth o (run p E X d nil l) nothing) = List.nth o (trees nil l) (Num 0)).
  { intros. rewrite <- nth_fst, run_trees. reflexivity. }
  assert (To : tame false (List.nth o (trees nil l) (Num 0)) = true).
  { destruct (lt_dec o (length (trees nil l))). apply (proj1 (List.forallb_forall _ _) T). now apply List.nth_In.
    rewrite List.nth_overflow by lia. reflexivity. }
  assert (K : forall p E X x, around E e -> holds X x -> forall k, holds (at_ (products p (snd (List.nth o (run p E X d nil l) nothing)) (coefs p E X bell_ d) nil) k) (coef (value e (integrand l o)) k x)).
  { intros p' E1 X1 x H1 H2 k. apply products_all; auto using tame_smooth.
    - pose proof (run_correct p' E1 e X1 x d H1 H2 l nil (N0 x) o) as R. unfold follows_ in R. rewrite Eq in R. auto.
    - now apply coefs_correct. }
  apply (around_rest p q M B m b d (value e (integrand l o))); auto.
  apply tame_smooth. unfold integrand. cbn [tame]. now rewrite To.
Qed.
Lemma tame_more : forall t, tame false t = true -> tame true t = true.
Proof.
  induction t; cbn [tame]; intros H; parts; auto; try discriminate H; try (now rewrite IHt1, IHt2 by auto).
Qed.
Fixpoint sweep (p q : F.precision) (E E' : list I.type) (l : list step) (outs : list nat) (d : nat) (D a : Z) (ends : list Z) : list I.type :=
  match ends with
  | nil => List.map (fun _ => I.zero) outs
  | cons b rest =>
    if Z.leb a b then pointwise (I.add p) (on_panels p q E E' l outs d (ratio p (a + b) (2 * D)) (ratio p (b - a) (2 * D))) (sweep p q E E' l outs d D b rest)
    else nil
  end.
Lemma sweep_correct : forall p q E E' e l outs d D, around E e -> around E' e -> (0 < D)%Z -> all_tame (trees nil l) = true -> forall ends a i,
  holds (at_ (sweep p q E E' l outs d D a ends) i) (RInt (value e (integrand l (List.nth i outs O))) (IZR a / IZR D) (IZR (last_ a ends) / IZR D)).
Proof.
  intros p q E E' e l outs d D HE HE' HD T. assert (P : 0 < IZR D) by now apply IZR_lt.
  assert (To : forall o, tame true (integrand l o) = true).
  { intros o. unfold integrand. cbn [tame]. destruct (lt_dec o (length (trees nil l))) as [L|L].
    - pose proof (proj1 (List.forallb_forall _ _) T _ (List.nth_In _ (Num 0) L)) as Q. rewrite (tame_more _ Q). reflexivity.
    - rewrite List.nth_overflow by lia. reflexivity. }
  assert (I0 : forall o u v, ex_RInt (value e (integrand l o)) u v).
  { intros. apply (ex_RInt_continuous (value e (integrand l o))). intros. now apply tame_continuous. }
  induction ends as [|b ends]; intros a i; cbn [sweep last_].
  - rewrite RInt_point. apply (at_map (fun _ => I.zero) (fun _ => 0)). intros. exact holds_0.
  - destruct (Z.leb_spec a b); [|destruct i; apply holds_nai].
    rewrite <- (RInt_Chasles (value e (integrand l (List.nth i outs O))) (IZR a / IZR D) (IZR b / IZR D)) by apply I0.
    apply (pointwise_correct (I.add p) Rplus (holds_add p) _ _ (fun i => RInt (value e (integrand l (List.nth i outs O))) (IZR a / IZR D) (IZR b / IZR D))
      (fun i => RInt (value e (integrand l (List.nth i outs O))) (IZR b / IZR D) (IZR (last_ b ends) / IZR D))); auto.
    intros k. replace (IZR a / IZR D) with (IZR (a + b) / IZR (2 * D) - IZR (b - a) / IZR (2 * D)).
    replace (IZR b / IZR D) with (IZR (a + b) / IZR (2 * D) + IZR (b - a) / IZR (2 * D)).
    + apply on_panels_correct; auto using ratio_correct. rewrite mult_IZR, minus_IZR. apply IZR_le in H.
      apply Rmult_le_pos. lra. left. apply Rinv_0_lt_compat. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
Qed.
(* The means of some of what a program makes, by D panels to 1 from -n/D to n/D. *)
Definition closed (p q : F.precision) (E' : list I.type) (D n : Z) (t : term) (sum : I.type) : I.type :=
  match growth q E' t with
  | None => I.nai
  | Some (c, k) =>
    let R0 := ratio q n D in
    let s := I.sub q (over q R0 (I.fromZ q 2)) (I.fromZ q (Z.of_nat k)) in
    let tail := I.mul q (I.fromZ q 2) (over q (I.mul q c (I.exp q (I.mul q (I.neg s) R0))) s) in
    if Z.ltb (2 * Z.of_nat k * D) n
    then over p (I.add p sum (I.mul q tail (unit_ q))) (I.sqrt p (I.mul p (I.fromZ p 2) (I.pi p)))
    else I.nai
  end.
Definition shared (p q : F.precision) (E E' : list I.type) (l : list step) (outs : list nat) (d : nat) (D n : Z) : list I.type :=
  let ends := upto (Z.to_nat (2 * n)) (1 - n) in
  let ts := trees nil l in
  if Z.ltb 0 D && Z.eqb n (last_ (- n) ends) && all_tame ts then
    let sums := sweep p q E E' l outs d D (- n) ends in
    List.map (fun i => closed p q E' D n (List.nth (List.nth i outs O) ts (Num 0)) (at_ sums i)) (List.seq 0 (length outs))
  else nil.
Definition made_ (l : list step) (outs : list nat) (i : nat) : term := List.nth (List.nth i outs O) (trees nil l) (Num 0).
Lemma shared_correct : forall p q E E' e l outs d D n, around E e -> around E' e ->
  forall i, holds (at_ (shared p q E E' l outs d D n) i) (Mean (value e (made_ l outs i))).
Proof.
  intros p q E E' e l outs d D n HE HE' i. unfold shared. set (ends := upto (Z.to_nat (2 * n)) (1 - n)).
  destruct (Z.ltb 0 D && Z.eqb n (last_ (- n) ends) && all_tame (trees nil l)) eqn:K; [|destruct i; apply holds_nai]. parts.
  match goal with Q : Z.ltb 0 D = true |- _ => apply Z.ltb_lt in Q; rename Q into TD end.
  match goal with Q : Z.eqb n _ = true |- _ => apply Z.eqb_eq in Q; rename Q into Tn end.
  match goal with Q : all_tame _ = true |- _ => rename Q into T end.
  pose proof (sweep_correct p q E E' e l outs d D HE HE' TD T ends (- n)%Z i) as S. set (sums := sweep p q E E' l outs d D (- n) ends) in *.
  destruct (lt_dec i (length outs)) as [L|L].
  2: { unfold at_. rewrite List.nth_overflow. apply holds_nai. rewrite List.map_length, List.seq_length. lia. }
  unfold at_ at 1. rewrite (List.nth_indep _ I.nai (closed p q E' D n (List.nth (List.nth O outs O) (trees nil l) (Num 0)) (at_ sums O))) by now rewrite List.map_length, List.seq_length.
  rewrite (List.map_nth (fun i => closed p q E' D n (List.nth (List.nth i outs O) (trees nil l) (Num 0)) (at_ sums i))), List.seq_nth by auto. simpl (0 + i)%nat.
  fold (made_ l outs i). unfold closed. destruct (growth q E' (made_ l outs i)) as [[X k]|] eqn:G; [|apply holds_nai].
  destruct (Z.ltb (2 * Z.of_nat k * D) n) eqn:Tf; [|apply holds_nai]. apply Z.ltb_lt in Tf.
  destruct (growth_correct q _ e HE' _ X k G) as [c [C1 [C2 C3]]].
  assert (PD : 0 < IZR D) by now apply IZR_lt. set (R0 := IZR n / IZR D).
  assert (Fr : 2 * INR k < R0).
  { unfold R0. apply Rmult_lt_reg_r with (IZR D); auto. replace (IZR n / IZR D * IZR D) with (IZR n) by (field; lra).
    rewrite INR_IZR_INZ, <- !mult_IZR. now apply IZR_lt. }
  assert (Tm : tame true (made_ l outs i) = true).
  { unfold made_. destruct (lt_dec (List.nth i outs O) (length (trees nil l))) as [Lo|Lo].
    apply tame_more. exact (proj1 (List.forallb_forall _ _) T _ (List.nth_In _ (Num 0) Lo)). rewrite List.nth_overflow by lia. reflexivity. }
  destruct (whole_exists (value e (made_ l outs i)) c k R0 (tame_continuous e _ Tm) C3 Fr) as [M [W B]].
  destruct (mean_is _ _ W) as [_ ->]. specialize (B R0 ltac:(lra)). apply holds_over.
  - replace M with (RInt (fun x => value e (made_ l outs i) x * bell x) (- R0) R0 + (M - RInt (fun x => value e (made_ l outs i) x * bell x) (- R0) R0)) by ring.
    apply holds_add.
    + replace (- R0) with (IZR (- n) / IZR D) by (unfold R0; rewrite opp_IZR; field; lra).
      replace R0 with (IZR (last_ (- n) ends) / IZR D) by (unfold R0; now rewrite <- Tn). exact S.
    + apply holds_wide with (b := tails c k R0 R0); auto. unfold tails.
      assert (HR : holds (ratio q n D) R0) by apply ratio_correct.
      assert (HS : holds (I.sub q (over q (ratio q n D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k))) (R0 / 2 - INR k)).
      { rewrite INR_IZR_INZ. apply holds_sub; [|apply holds_Z]. apply holds_over; auto. apply holds_Z. }
      apply holds_mul; [apply holds_Z|]. apply holds_over; auto. apply holds_mul; auto. apply holds_exp, holds_mul; auto. now apply holds_neg.
  - apply holds_sqrt, holds_mul. apply holds_Z. apply holds_pi.
Qed.
(* A mean exists where its formula has a known growth. *)
Definition exists_ (q : F.precision) (E' : list I.type) (t : term) : bool := tame true t && match growth q E' t with Some _ => true | None => false end.
Lemma exists_correct : forall q E' e t, around E' e -> exists_ q E' t = true -> has_mean (value e t).
Proof.
  intros q E' e t HE H. unfold exists_ in H. parts. destruct (growth q E' t) as [[X k]|] eqn:G; try discriminate.
  destruct (growth_correct q _ e HE _ X k G) as [c [C1 [C2 C3]]].
  destruct (whole_exists (value e t) c k (2 * INR k + 1) (tame_continuous e _ H) C3) as [M [W B]]. lra. now apply (mean_is _ M).
Qed.
Fixpoint all_between (e : list R) (l : list step) (goals : list (nat * ((Z * Z) * (Z * Z)))) : Prop :=
  match goals with
  | nil => True
  | cons (o, (lo, hi)) goals' => let t := List.nth o (trees nil l) (Num 0) in
    (has_mean (value e t) /\ IZR (fst lo) / IZR (snd lo) <= Mean (value e t) <= IZR (fst hi) / IZR (snd hi)) /\ all_between e l goals'
  end.
Fixpoint between_check (p q : F.precision) (E' : list I.type) (l : list step) (goals : list (nat * ((Z * Z) * (Z * Z)))) (found : list I.type) : bool :=
  match goals with
  | nil => true
  | cons (o, (lo, hi)) goals' =>
    match found with
    | nil => false
    | cons M found' => exists_ q E' (List.nth o (trees nil l) (Num 0)) && known_nonneg (I.sub p M (ratio p (fst lo) (snd lo)))
        && known_nonneg (I.sub p (ratio p (fst hi) (snd hi)) M) && between_check p q E' l goals' found'
    end
  end.
Lemma between_correct : forall p q E' e l, around E' e -> forall goals found,
  (forall i, holds (at_ found i) (Mean (value e (made_ l (List.map fst goals) i)))) -> between_check p q E' l goals found = true -> all_between e l goals.
Proof.
  intros p q E' e l HE. induction goals as [|[o [lo hi]] goals]; intros found H C; cbn [all_between between_check] in *; auto.
  destruct found as [|M found]; try discriminate C. parts. pose proof (H O) as Ho. unfold made_ in Ho. simpl in Ho. split; [split|].
  - now apply (exists_correct q E').
  - match goal with K : known_nonneg (I.sub p M _) = true |- _ => rename K into Kl end.
    match goal with K : known_nonneg (I.sub p (ratio _ _ _) M) = true |- _ => rename K into Kh end.
    apply (known_nonneg_correct _ (Mean (value e (List.nth o (trees nil l) (Num 0))) - IZR (fst lo) / IZR (snd lo))) in Kl.
    apply (known_nonneg_correct _ (IZR (fst hi) / IZR (snd hi) - Mean (value e (List.nth o (trees nil l) (Num 0))))) in Kh. lra.
    apply holds_sub; auto using ratio_correct. apply holds_sub; auto using ratio_correct.
  - apply (IHgoals found); auto. intros i. exact (H (S i)).
Qed.
Theorem shared_bounds : forall p q l s goals d D n,
  between_check p q (boxes q l) s goals (shared p q (boxes p l) (boxes q l) s (List.map fst goals) d D n) = true ->
  forall e, List.Forall2 boxed l e -> all_between e s goals.
Proof.
  intros p q l s goals d D n C e HE. eapply (between_correct p q (boxes q l)); [now apply boxes_correct | | exact C].
  apply shared_correct; now apply boxes_correct.
Qed.
End Programs.
Import Programs.
