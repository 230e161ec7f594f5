(* --- two Gaussians of correlation c: X and Y = c X + sqrt(1 - c^2) Z, Z independent of X --- *)
Definition Pair (c : R) (f g : R -> R) : R := Mean (fun x => f x * Mean (fun z => g (c * x + sqrt (1 - c ^ 2) * z))).
(* c is a correlation below 1, and both means exist. *)
Definition has_pair (c : R) (f g : R -> R) : Prop :=
  Rabs c < 1 /\ (forall x, has_mean (fun z => g (c * x + sqrt (1 - c ^ 2) * z))) /\
  has_mean (fun x => f x * Mean (fun z => g (c * x + sqrt (1 - c ^ 2) * z))).

Definition step (x : R) : R := if Rlt_dec x 0 then 0 else 1.

Module Pairs.
Ltac reals := match goal with |- @eq _ ?a ?b => change (@eq R a b) end.
(* --- functions of a normal variable that may jump at zero, and their means --- *)
Definition joined (u v : R -> R) (x : R) : R := if Rlt_dec x 0 then u x else v x.
Definition grown (f : R -> R) : Prop := exists c k, 0 <= c /\ forall x, Rabs (f x) <= c * exp (INR k * Rabs x).
Definition fine (f : R -> R) : Prop :=
  (exists u v, (forall x, continuous u x) /\ (forall x, continuous v x) /\ forall x, f x = joined u v x) /\ grown f.

Lemma fine_ext : forall f g, (forall x, f x = g x) -> fine f -> fine g.
Proof. intros f g E. replace g with f; [auto | now apply functional_extensionality]. Qed.
Lemma fine_continuous : forall f, (forall x, continuous f x) -> grown f -> fine f.
Proof. intros f C G. split; auto. exists f, f. repeat split; auto. intros. unfold joined. now destruct Rlt_dec. Qed.
Lemma fine_const : forall c, fine (fun _ => c).
Proof.
  intros. apply fine_continuous. intros. apply continuous_const. exists (Rabs c), O. split. apply Rabs_pos.
  intros. simpl. rewrite Rmult_0_l, exp_0. lra.
Qed.
Lemma fine_id : fine (fun x => x).
Proof.
  apply fine_continuous. intros. apply continuous_id. exists 1, 1%nat. split; [lra|]. intros. simpl. rewrite !Rmult_1_l.
  destruct (Req_dec (Rabs x) 0) as [->|N]. left; apply exp_pos. pose proof (Rabs_pos x). pose proof (exp_ineq1 (Rabs x) ltac:(lra)). lra.
Qed.
Lemma fine_plus : forall f g, fine f -> fine g -> fine (fun x => f x + g x).
Proof.
  intros f g [[u [v [U [V E]]]] [c [k [C B]]]] [[u' [v' [U' [V' E']]]] [c' [k' [C' B']]]]. split.
  - exists (fun x => u x + u' x), (fun x => v x + v' x). split; [|split].
    intros. now apply (continuous_plus u u'). intros. now apply (continuous_plus v v').
    intros. rewrite E, E'. unfold joined. now destruct Rlt_dec.
  - exists (c + c'), (Nat.max k k'). split; [lra|]. intros. eapply Rle_trans; [apply Rabs_triang|].
    eapply Rle_trans; [|now apply exp_of_max]. now apply Rplus_le_compat.
Qed.
Lemma fine_mult : forall f g, fine f -> fine g -> fine (fun x => f x * g x).
Proof.
  intros f g [[u [v [U [V E]]]] [c [k [C B]]]] [[u' [v' [U' [V' E']]]] [c' [k' [C' B']]]]. split.
  - exists (fun x => u x * u' x), (fun x => v x * v' x). split; [|split].
    intros. now apply (continuous_mult u u'). intros. now apply (continuous_mult v v').
    intros. rewrite E, E'. unfold joined. now destruct Rlt_dec.
  - exists (c * c'), (k + k')%nat. split; [now apply Rmult_le_pos|]. intros. rewrite Rabs_mult, plus_INR, Rmult_plus_distr_r, exp_plus.
    replace (c * c' * _) with ((c * exp (INR k * Rabs x)) * (c' * exp (INR k' * Rabs x))) by ring.
    apply Rmult_le_compat; auto using Rabs_pos.
Qed.
Lemma fine_scale : forall c f, fine f -> fine (fun x => c * f x).
Proof. intros. apply (fine_mult (fun _ => c)); auto. apply fine_const. Qed.
Lemma fine_minus : forall f g, fine f -> fine g -> fine (fun x => f x - g x).
Proof. intros. apply (fine_ext (fun x => f x + -1 * g x)). intros; ring. apply fine_plus; auto. now apply fine_scale. Qed.
Lemma fine_total : forall n f, (forall i, fine (f i)) -> fine (fun x => total n (fun i => f i x)).
Proof. induction n; simpl; intros. apply fine_const. apply (fine_plus (f O)); auto. Qed.
Lemma fine_square : forall f, fine f -> fine (fun x => f x ^ 2).
Proof. intros. apply (fine_ext (fun x => f x * f x)). intros; ring. now apply fine_mult. Qed.

Lemma joined_integrable : forall u v, (forall x, continuous u x) -> (forall x, continuous v x) -> forall a b, ex_RInt (joined u v) a b.
Proof.
  intros u v U V. assert (K : forall b, ex_RInt (joined u v) 0 b).
  { intros. unfold joined. destruct (Rlt_le_dec b 0).
    - apply (ex_RInt_ext u). rewrite Rmin_right, Rmax_left by lra. intros. destruct Rlt_dec; [reflexivity | lra].
      apply (ex_RInt_continuous u). intros; apply U.
    - apply (ex_RInt_ext v). rewrite Rmin_left, Rmax_right by lra. intros. destruct Rlt_dec; [lra | reflexivity].
      apply (ex_RInt_continuous v). intros; apply V. }
  intros. apply (ex_RInt_Chasles (joined u v) a 0 b). apply ex_RInt_swap, K. apply K.
Qed.
Lemma fine_integrable : forall f, fine f -> forall a b, ex_RInt (fun x => f x * bell x) a b.
Proof.
  intros f [[u [v [U [V E]]]] _] a b. apply (ex_RInt_ext (joined (fun x => u x * bell x) (fun x => v x * bell x))).
  - intros. rewrite E. unfold joined. now destruct Rlt_dec.
  - apply joined_integrable; intros. apply (continuous_mult u bell); auto. apply bell_continuous.
    apply (continuous_mult v bell); auto. apply bell_continuous.
Qed.
Lemma fine_exists : forall f, fine f -> has_mean f.
Proof.
  intros f F. pose proof (fine_integrable f F) as I0. destruct F as [_ [c [k [C B]]]].
  destruct (whole_exists_if f c k (2 * INR k + 1) B ltac:(lra) I0) as [l [W _]]. now apply (mean_is f l).
Qed.
Lemma whole_limit : forall g l, whole_integral g l -> forall a b, is_lim_seq a m_infty -> is_lim_seq b p_infty ->
  is_lim_seq (fun n => RInt g (a n) (b n)) l.
Proof.
  intros g l W a b A B P HP. destruct (W P HP) as [Q S HQ HS H]. specialize (A Q HQ). specialize (B S HS).
  unfold filtermap in *. generalize (filter_and _ _ A B). apply filter_imp. intros n [An Bn].
  destruct (H _ _ An Bn) as [y [Y1 Y2]]. simpl in Y1. now rewrite (is_RInt_unique _ _ _ _ Y1).
Qed.
Lemma line_right : is_lim_seq INR p_infty.
Proof. exact is_lim_seq_INR. Qed.
Lemma line_left : is_lim_seq (fun n => - INR n) m_infty.
Proof. apply (is_lim_seq_opp INR p_infty). exact is_lim_seq_INR. Qed.
Lemma fine_limit : forall f, fine f -> is_lim_seq (fun n => RInt (fun x => f x * bell x) (- INR n) (INR n)) (Mean f * sqrt (2 * PI)).
Proof. intros. apply whole_limit; [exact (fine_exists f H) | exact line_left | exact line_right]. Qed.
Lemma mean_of_limit : forall f l, fine f -> is_lim_seq (fun n => RInt (fun x => f x * bell x) (- INR n) (INR n)) (l * sqrt (2 * PI)) -> Mean f = l.
Proof.
  intros f l F H. pose proof (is_lim_seq_unique _ _ H) as E. rewrite (is_lim_seq_unique _ _ (fine_limit f F)) in E.
  injection E. intros. pose proof sqrt_2pi. apply Rmult_eq_reg_r with (sqrt (2 * PI)); lra.
Qed.
Lemma mean_plus : forall f g, fine f -> fine g -> Mean (fun x => f x + g x) = Mean f + Mean g.
Proof.
  intros f g F G. apply mean_of_limit. now apply fine_plus. rewrite Rmult_plus_distr_r.
  apply (is_lim_seq_ext (fun n => RInt (fun x => f x * bell x) (- INR n) (INR n) + RInt (fun x => g x * bell x) (- INR n) (INR n))).
  - intros. rewrite <- (RInt_plus (fun x => f x * bell x) (fun x => g x * bell x)) by now apply fine_integrable.
    apply RInt_ext. intros. unfold plus; simpl. ring.
  - apply (is_lim_seq_plus' _ _ _ _ (fine_limit f F) (fine_limit g G)).
Qed.
Lemma mean_scale : forall c f, fine f -> Mean (fun x => c * f x) = c * Mean f.
Proof.
  intros c f F. apply mean_of_limit. now apply fine_scale. rewrite Rmult_assoc.
  apply (is_lim_seq_ext (fun n => c * RInt (fun x => f x * bell x) (- INR n) (INR n))).
  - intros. rewrite <- (RInt_scal (fun x => f x * bell x) _ _ c) by now apply fine_integrable.
    apply RInt_ext. intros. unfold scal; simpl. unfold mult; simpl. ring.
  - apply (is_lim_seq_scal_l _ c _ (fine_limit f F)).
Qed.
Lemma mean_minus : forall f g, fine f -> fine g -> Mean (fun x => f x - g x) = Mean f - Mean g.
Proof.
  intros. replace (fun x => f x - g x) with (fun x => f x + -1 * g x). rewrite mean_plus, mean_scale; auto. ring. now apply fine_scale.
  apply functional_extensionality. intros; ring.
Qed.
Lemma mean_total : forall n f, (forall i, fine (f i)) -> Mean (fun x => total n (fun i => f i x)) = total n (fun i => Mean (f i)).
Proof.
  induction n; simpl; intros.
  - replace (fun _ : R => 0) with (fun x : R => 0 * 1). rewrite (mean_scale 0 (fun _ => 1)). ring. apply fine_const.
    apply functional_extensionality. intros; ring.
  - rewrite (mean_plus (f O) (fun x => total n (fun i => f (S i) x))); auto. rewrite IHn; auto. apply fine_total; auto.
Qed.
Lemma mean_le : forall f g, fine f -> fine g -> (forall x, f x <= g x) -> Mean f <= Mean g.
Proof.
  intros f g F G H. pose proof sqrt_2pi. apply Rmult_le_reg_r with (sqrt (2 * PI)); auto.
  assert (K : Rbar_le (Mean f * sqrt (2 * PI)) (Mean g * sqrt (2 * PI))); [|exact K].
  apply (is_lim_seq_le _ _ _ _) with (2 := fine_limit f F) (3 := fine_limit g G).
  intros. apply RInt_le; try now apply fine_integrable. pose proof (pos_INR n). lra.
  intros. apply Rmult_le_compat_r; auto. left; apply exp_pos.
Qed.
Lemma mean_zero : Mean (fun _ => 0) = 0.
Proof. exact (mean_total O (fun _ _ => 0) (fun _ => fine_const 0)). Qed.
Lemma mean_nonneg : forall f, fine f -> (forall x, 0 <= f x) -> 0 <= Mean f.
Proof. intros. rewrite <- mean_zero. apply mean_le; auto. apply fine_const. Qed.

(* Cauchy and Schwarz. *)
Lemma discriminant : forall u v w, 0 <= u -> 0 <= v -> (forall t, 0 <= u - 2 * t * w + t ^ 2 * v) -> w ^ 2 <= u * v.
Proof.
  intros u v w U V H. destruct (Req_dec v 0) as [->|N].
  - destruct (Req_dec w 0) as [->|W]. simpl; lra. specialize (H ((u + 1) / (2 * w))).
    replace (2 * ((u + 1) / (2 * w)) * w) with (u + 1) in H by (field; auto). lra.
  - specialize (H (w / v)). replace (u - 2 * (w / v) * w + (w / v) ^ 2 * v) with (u - w ^ 2 / v) in H by (field; auto).
    apply Rmult_le_reg_r with (/ v). apply Rinv_0_lt_compat; lra. rewrite Rmult_assoc, Rinv_r by auto. unfold Rdiv in H. lra.
Qed.
Lemma mean_cauchy : forall f g, fine f -> fine g -> Mean (fun x => f x * g x) ^ 2 <= Mean (fun x => f x ^ 2) * Mean (fun x => g x ^ 2).
Proof.
  intros f g F G. apply discriminant; try (apply mean_nonneg; [now apply fine_square | intros; apply pow2_ge_0]).
  intros. replace (Mean (fun x => f x ^ 2) - 2 * t * Mean (fun x => f x * g x) + t ^ 2 * Mean (fun x => g x ^ 2)) with
    (Mean (fun x => (f x ^ 2 - 2 * t * (f x * g x)) + t ^ 2 * g x ^ 2)).
  - apply mean_nonneg. apply fine_plus. apply fine_minus. now apply fine_square. apply fine_scale. now apply fine_mult.
    apply fine_scale. now apply fine_square. intros. replace (_ + _) with ((f x - t * g x) ^ 2) by ring. apply pow2_ge_0.
  - rewrite (mean_plus (fun x => f x ^ 2 - 2 * t * (f x * g x)) (fun x => t ^ 2 * g x ^ 2)).
    rewrite (mean_minus (fun x => f x ^ 2) (fun x => 2 * t * (f x * g x))).
    rewrite (mean_scale (2 * t) (fun x => f x * g x)), (mean_scale (t ^ 2) (fun x => g x ^ 2)). ring.
    now apply fine_square. now apply fine_mult. now apply fine_square. apply fine_scale. now apply fine_mult.
    apply fine_minus. now apply fine_square. apply fine_scale. now apply fine_mult. apply fine_scale. now apply fine_square.
Qed.
(* Linear changes of the variable. *)
Lemma whole_linear : forall g l s v, 0 < s -> whole_integral g l -> whole_integral (fun z => s * g (s * z + v)) l.
Proof.
  intros g l s v S W P HP. destruct (W P HP) as [Q T [M HQ] [N HT] H].
  apply (Filter_prod _ _ _ (fun z => Q (s * z + v)) (fun z => T (s * z + v))).
  - exists ((M - v) / s). intros z Hz. apply HQ. apply (Rmult_lt_compat_l s) in Hz; auto.
    replace (s * ((M - v) / s)) with (M - v) in Hz by (field; lra). lra.
  - exists ((N - v) / s). intros z Hz. apply HT. apply (Rmult_lt_compat_l s) in Hz; auto.
    replace (s * ((N - v) / s)) with (N - v) in Hz by (field; lra). lra.
  - intros a b A B. destruct (H _ _ A B) as [y [Y1 Y2]]. exists y. split; auto. simpl in *.
    exact (is_RInt_comp_lin g s v a b y Y1).
Qed.
(* --- the integral of the bell is sqrt(2 pi) --- *)
Lemma area_scale : forall f c a b, ex_RInt f a b -> RInt (fun x => c * f x) a b = c * RInt f a b.
Proof. intros. exact (RInt_scal f a b c H). Qed.
Lemma area_linear : forall f u v a b, ex_RInt f (u * a + v) (u * b + v) ->
  RInt (fun y => u * f (u * y + v)) a b = RInt f (u * a + v) (u * b + v).
Proof. intros. exact (RInt_comp_lin f u v a b H). Qed.
Lemma area_ext : forall (f g : R -> R) a b, (forall x, f x = g x) -> RInt f a b = RInt g a b.
Proof. intros. f_equal. now apply functional_extensionality. Qed.
Definition slice (x t : R) : R := 2 * exp (- (x ^ 2 * (1 + t ^ 2) / 2)) / (1 + t ^ 2).
Lemma slice_bell : forall x t, exp (- (x ^ 2 * (1 + t ^ 2) / 2)) = bell x * bell (x * t + 0).
Proof. intros. unfold bell. rewrite <- exp_plus. f_equal. field. Qed.
Lemma slice_derive : forall x t, is_derive (fun u => slice u t) x (- 2 * x * exp (- (x ^ 2 * (1 + t ^ 2) / 2))).
Proof.
  intros. pose proof (pow2_ge_0 t). set (k := 1 + t ^ 2) in *. assert (K : 0 < k) by (unfold k; lra).
  assert (E : forall u, 2 / k * exp (- (u ^ 2 * k / 2)) = slice u t) by (intros; unfold slice; fold k; field; lra).
  apply (is_derive_ext (fun u => 2 / k * exp (- (u ^ 2 * k / 2)))). exact E.
  replace (- 2 * x * exp (- (x ^ 2 * k / 2))) with (2 / k * (- (x * k) * exp (- (x ^ 2 * k / 2)))) by (field; lra).
  apply is_derive_scal. apply (is_derive_comp exp (fun u => - (u ^ 2 * k / 2)) x). apply is_derive_exp. auto_derive; [exact I | unfold Rdiv; simpl;
    ring_simplify; field].
Qed.
Lemma slice_continuous : forall x t, continuous (slice x) t.
Proof. intros. pose proof (pow2_ge_0 t). apply (ex_derive_continuous (slice x)). unfold slice. auto_derive. simpl in *; lra. Qed.
Lemma bell_integrable : forall a b, ex_RInt bell a b.
Proof. intros. apply (ex_RInt_continuous bell). intros. apply bell_continuous. Qed.
Definition half_line_area (x : R) : R := RInt bell 0 x.
Lemma area_square : forall x, half_line_area x ^ 2 + RInt (slice x) 0 1 = PI / 2.
Proof.
  assert (D : forall x : R, is_derive (fun x : R => half_line_area x ^ 2 + RInt (slice x) 0 1) x 0).
  { intros. assert (A : is_derive half_line_area x (bell x)).
    { apply (is_derive_RInt bell half_line_area 0). exists (mkposreal 1 Rlt_0_1). intros. apply (RInt_correct bell), bell_integrable. apply
      bell_continuous. }
    assert (E : is_derive (fun x => RInt (slice x) 0 1) x (RInt (fun t => - 2 * x * exp (- (x ^ 2 * (1 + t ^ 2) / 2))) 0 1)).
    { rewrite (RInt_ext _ (fun t => Derive (fun u => slice u t) x)) by (intros; symmetry; apply is_derive_unique, slice_derive).
      apply (is_derive_RInt_param slice 0 1 x).
      - exists (mkposreal 1 Rlt_0_1). intros. eexists. apply slice_derive.
      - intros. apply (continuity_2d_pt_ext (fun u v => - 2 * u * exp (- (u ^ 2 * (1 + v ^ 2) / 2)))).
        intros; symmetry; apply is_derive_unique, slice_derive.
        apply (continuity_2d_pt_mult (fun u v => - 2 * u)).
        apply (continuity_2d_pt_mult (fun u v => - 2)). apply continuity_2d_pt_const. apply continuity_2d_pt_id1.
        apply (continuity_1d_2d_pt_comp exp (fun u v => - (u ^ 2 * (1 + v ^ 2) / 2))).
        apply derivable_continuous_pt, derivable_pt_exp.
        apply (continuity_2d_pt_ext (fun u v => - ((u * u) * ((1 + v * v) * / 2)))). intros; unfold Rdiv; ring.
        apply (continuity_2d_pt_opp (fun u v => (u * u) * ((1 + v * v) * / 2))).
        apply (continuity_2d_pt_mult (fun u v => u * u)).
        apply (continuity_2d_pt_mult (fun u v => u)); apply continuity_2d_pt_id1.
        apply (continuity_2d_pt_mult (fun u v => 1 + v * v)). 2: apply continuity_2d_pt_const.
        apply (continuity_2d_pt_plus (fun u v => 1)). apply continuity_2d_pt_const.
        apply (continuity_2d_pt_mult (fun u v => v)); apply continuity_2d_pt_id2.
      - exists (mkposreal 1 Rlt_0_1). intros. apply (ex_RInt_continuous (slice y)). intros. apply slice_continuous. }
    assert (W : is_derive (fun x => half_line_area x ^ 2 + RInt (slice x) 0 1) x
      (INR 2 * bell x * half_line_area x ^ 1 + RInt (fun t => - 2 * x * exp (- (x ^ 2 * (1 + t ^ 2) / 2))) 0 1)).
    { apply (is_derive_plus (fun x => half_line_area x ^ 2)). apply (is_derive_pow half_line_area 2). exact A. exact E. }
    assert (Z : INR 2 * bell x * half_line_area x ^ 1 + RInt (fun t => - 2 * x * exp (- (x ^ 2 * (1 + t ^ 2) / 2))) 0 1 = 0).
    2: { rewrite Z in W. exact W. }
    rewrite (area_ext _ (fun t => - 2 * bell x * (x * bell (x * t + 0)))).
    2: { intros. rewrite slice_bell. ring. }
    rewrite (area_scale (fun t => x * bell (x * t + 0))).
    2: { apply (ex_RInt_continuous (fun t => x * bell (x * t + 0))). intros. apply (ex_derive_continuous (fun t => x * bell (x * t + 0))). unfold
      bell. auto_derive. auto. }
    rewrite (area_linear bell x 0 0 1) by apply bell_integrable.
    replace (x * 0 + 0) with 0 by ring. replace (x * 1 + 0) with x by ring. unfold half_line_area. simpl. ring. }
  intros x. destruct (MVT_gen (fun x => half_line_area x ^ 2 + RInt (slice x) 0 1) 0 x (fun _ => 0)) as [t [_ Ht]].
  - intros. apply D.
  - intros y _. apply continuity_pt_filterlim. apply (ex_derive_continuous (fun x => half_line_area x ^ 2 + RInt (slice x) 0 1)).
    exists 0. apply (D y).
  - cbv beta in Ht. assert (H0 : RInt (slice 0) 0 1 = PI / 2).
    { rewrite (is_RInt_unique (slice 0) 0 1 (2 * atan 1 - 2 * atan 0)). rewrite atan_1, atan_0. reals. field.
      apply (is_RInt_derive (fun t => 2 * atan t) (slice 0)).
      - intros. unfold slice. pose proof (pow2_ge_0 x0). auto_derive; auto. reals. replace (- (0 ^ 2 * (1 + x0 ^ 2) / 2)) with 0 by field. rewrite
        exp_0. field. lra.
      - intros. apply slice_continuous. }
    unfold half_line_area in Ht at 2. rewrite RInt_point, H0 in Ht. unfold zero in Ht; simpl in Ht. simpl. lra.
Qed.
(* What is at most c exp(k|x|) is small beside the bell far out. *)
Lemma edge : forall f a, fine f -> (forall n, Rabs (a n) = INR n) -> is_lim_seq (fun n => f (a n) * bell (a n)) 0.
Proof.
  intros f a [_ [c [k [C B]]]] A. apply is_lim_seq_abs_0.
  apply (is_lim_seq_le_le_loc (fun _ => 0) _ (fun n => c * exp (- INR n))).
  - exists (Z.to_nat (up (2 * INR k + 2))). intros n Hn. split. apply Rabs_pos. rewrite <- A.
    replace (- Rabs (a n)) with (- ((2 * INR k + 2) / 2 - INR k) * Rabs (a n)) by field.
    apply (g_bound f c k (2 * INR k + 2)). exact B. rewrite A.
    apply le_INR in Hn. pose proof (archimed (2 * INR k + 2)). pose proof (pos_INR k). rewrite (INR_IZR_INZ (Z.to_nat _)), Z2Nat.id in Hn. lra.
    apply le_IZR. lra.
  - apply is_lim_seq_const.
  - replace (Finite 0) with (Rbar_mult c 0) by (simpl; f_equal; ring). apply is_lim_seq_scal_l.
    apply (is_lim_comp_seq exp (fun n => - INR n) m_infty). apply is_lim_exp_m. exists O. intros; discriminate. exact line_left.
Qed.
Lemma abs_left : forall n, Rabs (- INR n) = INR n.
Proof. intros. rewrite Rabs_Ropp. apply Rabs_pos_eq, pos_INR. Qed.
Lemma abs_right : forall n, Rabs (INR n) = INR n.
Proof. intros. apply Rabs_pos_eq, pos_INR. Qed.
Lemma twice_opposite : forall z : R, z = - (-1 * z).
Proof. intros; ring. Qed.
Lemma mean_one : Mean (fun _ => 1) = 1.
Proof.
  apply mean_of_limit. apply fine_const. rewrite Rmult_1_l. pose proof PI_RGT_0 as PP.
  apply (is_lim_seq_ext (fun n => 2 * half_line_area (INR n))).
  { intros. pose proof (pos_INR n). rewrite (RInt_ext (fun x => 1 * bell x) bell) by (intros; apply Rmult_1_l).
    rewrite <- (RInt_Chasles bell (- INR n) 0 (INR n)) by apply bell_integrable.
    replace (RInt bell (- INR n) 0) with (half_line_area (INR n)). unfold half_line_area, plus; simpl. ring.
    unfold half_line_area. rewrite <- (opp_RInt_swap bell 0 (- INR n)) by apply bell_integrable.
    replace (- INR n) with (-1 * INR n + 0) by ring. replace (RInt bell 0 (-1 * INR n + 0)) with (RInt bell (-1 * 0 + 0) (-1 * INR n + 0)) by
      (f_equal; ring).
    rewrite <- (area_linear bell (-1) 0 0 (INR n)) by apply bell_integrable.
    rewrite (area_ext (fun y => -1 * bell (-1 * y + 0)) (fun x => -1 * bell x)). rewrite area_scale by apply bell_integrable. exact (twice_opposite
      _).
    intros. unfold bell. do 2 f_equal. field. }
  assert (L : is_lim_seq (fun n => half_line_area (INR n) ^ 2) (PI / 2)).
  { apply (is_lim_seq_ext (fun n => PI / 2 - RInt (slice (INR n)) 0 1)). intros. rewrite <- (area_square (INR n)). ring.
    replace (Finite (PI / 2)) with (Finite (PI / 2 - 0)) by (f_equal; ring). apply is_lim_seq_minus'. apply is_lim_seq_const.
    apply (is_lim_seq_le_le (fun _ => 0) _ (fun n => 2 * (1 * bell (INR n)))).
    - intros. assert (I0 : ex_RInt (slice (INR n)) 0 1) by (apply (ex_RInt_continuous (slice (INR n))); intros; apply slice_continuous).
      assert (K : forall t, 0 < 1 + t ^ 2) by (intros; pose proof (pow2_ge_0 t); lra). split.
      + apply RInt_ge_0; auto. lra. intros. unfold slice. apply Rmult_le_pos. apply Rmult_le_pos. lra. left; apply exp_pos.
        left. apply Rinv_0_lt_compat, K.
      + replace (2 * (1 * bell (INR n))) with (RInt (fun _ => 2 * bell (INR n)) 0 1).
        2: { rewrite RInt_const. unfold scal; simpl. unfold mult; simpl. ring. }
        apply RInt_le; auto. lra. apply ex_RInt_const. intros. unfold slice, Rdiv. rewrite <- (Rmult_1_r (2 * bell (INR n))).
        apply Rmult_le_compat. apply Rmult_le_pos. lra. left; apply exp_pos. left. apply Rinv_0_lt_compat, K.
        * apply Rmult_le_compat_l. lra. unfold bell. apply exp_more. pose proof (pow2_ge_0 x). pose proof (pow2_ge_0 (INR n)). nra.
        * rewrite <- Rinv_1. apply Rinv_le_contravar. lra. pose proof (pow2_ge_0 x). lra.
    - apply is_lim_seq_const.
    - replace (Finite 0) with (Rbar_mult 2 0) by (simpl; f_equal; ring). apply is_lim_seq_scal_l. apply (edge (fun _ => 1)). apply fine_const.
      exact abs_right. }
  replace (sqrt (2 * PI)) with (2 * sqrt (PI / 2)).
  2: { replace (2 * PI) with (2 ^ 2 * (PI / 2)) by field. rewrite sqrt_mult by lra. f_equal. replace (2 ^ 2) with (2 * 2) by ring. rewrite
    sqrt_square; lra. }
  assert (S : is_lim_seq (fun n => sqrt (half_line_area (INR n) ^ 2)) (sqrt (PI / 2))).
  { apply (is_lim_seq_continuous sqrt (fun n => half_line_area (INR n) ^ 2) (PI / 2)); auto. apply continuity_pt_filterlim. apply continuous_sqrt. }
  replace (Finite (2 * sqrt (PI / 2))) with (Rbar_mult 2 (sqrt (PI / 2))) by reflexivity. apply is_lim_seq_scal_l.
  apply (is_lim_seq_ext (fun n => sqrt (half_line_area (INR n) ^ 2))); auto. intros. replace (half_line_area (INR n) ^ 2) with (half_line_area (INR
    n) * half_line_area (INR n)) by ring.
  apply sqrt_square. unfold half_line_area. apply RInt_ge_0. apply pos_INR. apply bell_integrable. intros. left; apply exp_pos.
Qed.
Lemma bell_derive : forall x, is_derive bell x (- x * bell x).
Proof.
  intros. apply (is_derive_comp exp (fun x => - (x ^ 2 / 2)) x). apply is_derive_exp. auto_derive; auto. reals. field.
Qed.
(* Integration by parts: the mean of x f(x) is that of f'(x). *)
Lemma stein : forall f f', (forall x, is_derive f x (f' x)) -> (forall x, continuous f' x) -> fine f -> fine f' ->
  Mean (fun x => x * f x - f' x) = 0.
Proof.
  intros f f' D C F F'. apply mean_of_limit. apply fine_minus; auto. apply fine_mult; auto. apply fine_id. rewrite Rmult_0_l.
  apply (is_lim_seq_ext (fun n => f (- INR n) * bell (- INR n) - f (INR n) * bell (INR n))).
  - intros. symmetry. replace (f (- INR n) * bell (- INR n) - f (INR n) * bell (INR n)) with
      ((- (f (INR n) * bell (INR n))) - (- (f (- INR n) * bell (- INR n)))) by ring.
    apply is_RInt_unique. apply (is_RInt_derive (fun x => - (f x * bell x)) (fun x => (x * f x - f' x) * bell x)).
    + intros. replace ((x * f x - f' x) * bell x) with (- (f' x * bell x + f x * (- x * bell x))) by ring.
      apply (is_derive_opp (fun x => f x * bell x)). apply (is_derive_mult f bell); auto. 2: intros; apply Rmult_comm.
      apply bell_derive.
    + intros. apply (continuous_mult (fun x => x * f x - f' x) bell). 2: apply bell_continuous.
      apply (continuous_minus (fun x => x * f x) f'); auto. apply (continuous_mult (fun x => x) f). apply continuous_id.
      apply (ex_derive_continuous f). eexists; apply D.
  - replace (Finite 0) with (Finite (0 - 0)) by (f_equal; ring). apply is_lim_seq_minus'; apply (edge f); auto. exact abs_left. exact abs_right.
Qed.
(* --- Hermite polynomials --- *)
Fixpoint he (n : nat) (x : R) : R :=
  match n with O => 1 | S m => x * he m x - INR m * match m with O => 0 | S p => he p x end end.
Definition he' (n : nat) (x : R) : R := match n with O => 0 | S p => he p x end.
Lemma he_step : forall n x, he (S n) x = x * he n x - INR n * he' n x.
Proof. reflexivity. Qed.
Lemma he_derive : forall n x, is_derive (he n) x (INR n * he' n x).
Proof.
  assert (H : forall n, (forall x, is_derive (he n) x (INR n * he' n x)) /\ forall x, is_derive (he (S n)) x (INR (S n) * he' (S n) x)).
  { induction n as [|n [A B]].
    - split; intros.
      + simpl. rewrite Rmult_0_l. exact (is_derive_const 1 x).
      + simpl. rewrite Rmult_1_l. assert (E : forall t : R, t = t * 1 - 0 * 0) by (intros; ring).
        apply (is_derive_ext (fun x => x)). exact E. exact (is_derive_id x).
    - split; auto. intros. replace (INR (S (S n)) * he' (S (S n)) x) with ((1 * he (S n) x + x * (INR (S n) * he' (S n) x)) - INR (S n) * (INR n *
      he' n x)).
      + apply (is_derive_minus (fun x => x * he (S n) x) (fun x => INR (S n) * he n x)).
        apply (is_derive_mult (fun x => x) (he (S n))); auto. exact (is_derive_id x). intros; apply Rmult_comm.
        apply is_derive_scal. apply A.
      + change (he' (S (S n)) x) with (he (S n) x). change (he' (S n) x) with (he n x). rewrite (S_INR (S n)).
        replace (INR n * he' n x) with (x * he n x - he (S n) x) by (rewrite he_step; ring). ring. }
  intros n. apply (H n).
Qed.
Lemma he_continuous : forall n x, continuous (he n) x.
Proof. intros. apply (ex_derive_continuous (he n)). eexists. apply he_derive. Qed.
Lemma fine_line : forall a b, fine (fun z => a + b * z).
Proof. intros. apply (fine_plus (fun _ => a)). apply fine_const. apply fine_scale, fine_id. Qed.
Lemma fine_he_line : forall n a b, fine (fun z => he n (a + b * z)).
Proof.
  assert (H : forall n a b, fine (fun z => he n (a + b * z)) /\ fine (fun z => he (S n) (a + b * z))).
  { induction n; intros.
    - split. exact (fine_const 1). apply (fine_ext (fun z => a + b * z)). intros; simpl; ring. apply fine_line.
    - destruct (IHn a b) as [A B]. split; auto. apply (fine_ext (fun z => (a + b * z) * he (S n) (a + b * z) - INR (S n) * he n (a + b * z))).
      reflexivity.
      apply fine_minus. apply fine_mult; auto. apply fine_line. now apply fine_scale. }
  intros. apply H.
Qed.
Lemma fine_he : forall n, fine (he n).
Proof. intros. apply (fine_ext (fun z => he n (0 + 1 * z))). intros; f_equal; ring. apply fine_he_line. Qed.
Lemma fine_he' : forall n, fine (he' n).
Proof. destruct n. exact (fine_const 0). apply (fine_he n). Qed.
Lemma he'_continuous : forall n x, continuous (he' n) x.
Proof. destruct n; intros. exact (continuous_const 0 x). apply (he_continuous n). Qed.
Lemma he_down : forall m n, Mean (fun x => he (S m) x * he n x) = INR n * Mean (fun x => he m x * he' n x).
Proof.
  intros. assert (F1 : fine (fun x => he m x * he n x)) by (apply fine_mult; apply fine_he).
  assert (F2 : fine (fun x => he m x * he' n x)) by (apply fine_mult; [apply fine_he | apply fine_he']).
  assert (F3 : fine (fun x => he' m x * he n x)) by (apply fine_mult; [apply fine_he' | apply fine_he]).
  assert (F4 : fine (fun x => he (S m) x * he n x)) by (apply fine_mult; apply fine_he).
  assert (K := stein (fun x => he m x * he n x) (fun x => INR m * he' m x * he n x + he m x * (INR n * he' n x))).
  enough (E : Mean (fun x => he (S m) x * he n x - INR n * (he m x * he' n x)) = 0).
  { rewrite (mean_minus (fun x => he (S m) x * he n x) (fun x => INR n * (he m x * he' n x))) in E; auto. rewrite (mean_scale (INR n) (fun x => he
    m x * he' n x)) in E; auto. lra. now apply fine_scale. }
  rewrite <- K. f_equal. apply functional_extensionality. intros. rewrite he_step. ring.
  - intros. apply (is_derive_mult (he m) (he n)); try apply he_derive. intros; apply Rmult_comm.
  - intros. apply (continuous_plus (fun x => INR m * he' m x * he n x)).
    apply (continuous_mult (fun x => INR m * he' m x) (he n)). apply (continuous_mult (fun _ => INR m) (he' m)). apply continuous_const. apply
      he'_continuous. apply he_continuous.
    apply (continuous_mult (he m) (fun x => INR n * he' n x)). apply he_continuous. apply (continuous_mult (fun _ => INR n) (he' n)). apply
      continuous_const. apply he'_continuous.
  - auto.
  - apply (fine_ext (fun x => INR m * (he' m x * he n x) + INR n * (he m x * he' n x))). intros; ring. apply fine_plus; now apply fine_scale.
Qed.
Lemma orthogonal : forall m n, Mean (fun x => he m x * he n x) = if Nat.eqb m n then INR (fact n) else 0.
Proof.
  induction m; intros n.
  - destruct n; simpl.
    + replace (fun _ : R => 1 * 1) with (fun _ : R => 1). apply mean_one. apply functional_extensionality. intros; ring.
    + change (fun x => 1 * (x * he n x - INR n * match n with O => 0 | S p => he p x end)) with (fun x => he 0 x * he (S n) x).
      replace (fun x => he 0 x * he (S n) x) with (fun x => he (S n) x * he 0 x) by (apply functional_extensionality; intros; ring).
      rewrite he_down. simpl. ring.
  - rewrite he_down. destruct n; simpl Nat.eqb. simpl. ring. change (he' (S n)) with (he n). rewrite IHm.
    destruct (Nat.eqb m n). change (fact (S n)) with (S n * fact n)%nat. now rewrite mult_INR. ring.
Qed.
Lemma pow2_sqrt : forall x, 0 <= x -> sqrt x ^ 2 = x.
Proof. intros. replace (sqrt x ^ 2) with (sqrt x * sqrt x) by ring. now apply sqrt_sqrt. Qed.
Lemma nat_above : forall r, exists k, r <= INR k.
Proof.
  intros. exists (Z.to_nat (up r)). rewrite INR_IZR_INZ. pose proof (archimed r).
  destruct (Z_le_dec 0 (up r)). rewrite Z2Nat.id by auto. lra.
  assert (IZR (up r) <= 0) by (apply IZR_le; lia). pose proof (IZR_le 0 _ (Zle_0_nat (Z.to_nat (up r)))). lra.
Qed.
Lemma mean_abs : forall f g, fine f -> fine g -> (forall x, Rabs (f x) <= g x) -> Rabs (Mean f) <= Mean g.
Proof.
  intros f g F G H. assert (K : forall x, - g x <= f x <= g x) by (intros; now apply Rabs_le_between). apply Rabs_le. split.
  - replace (- Mean g) with (-1 * Mean g) by ring. rewrite <- mean_scale by auto. apply mean_le; auto. now apply fine_scale.
    intros. specialize (K x). lra.
  - apply mean_le; auto. intros. now apply K.
Qed.
Lemma exp_line_continuous : forall k a b x, continuous (fun z => exp (k * Rabs (a + b * z))) x.
Proof.
  intros. apply (continuous_comp (fun z => k * Rabs (a + b * z)) exp); [|apply continuous_exp].
  apply (continuous_mult (fun _ => k) (fun z => Rabs (a + b * z))). apply continuous_const.
  apply (continuous_comp (fun z => a + b * z) Rabs); [|apply continuous_Rabs]. apply (ex_derive_continuous (fun z => a + b * z)). auto_derive. auto.
Qed.
Lemma fine_exp : forall k, fine (fun x => exp (INR k * Rabs x)).
Proof.
  intros. apply fine_continuous.
  - intros. apply (continuous_ext (fun z => exp (INR k * Rabs (0 + 1 * z)))). intros. do 3 f_equal. rewrite Rmult_1_l. apply Rplus_0_l. apply
    exp_line_continuous.
  - exists 1, k. split; [lra|]. intros. rewrite Rabs_pos_eq. lra. left; apply exp_pos.
Qed.
Lemma whole_bell : whole_integral bell (sqrt (2 * PI)).
Proof.
  pose proof (fine_exists _ (fine_const 1)) as H. unfold has_mean in H. rewrite mean_one, Rmult_1_l in H.
  replace bell with (fun x => 1 * bell x); auto. apply functional_extensionality. intros; ring.
Qed.
Lemma whole_scale : forall k g l, whole_integral g l -> whole_integral (fun x => k * g x) (k * l).
Proof. intros. exact (is_RInt_gen_scal g k l H). Qed.
Lemma total_delta : forall n w (v : nat -> R) r, (r < n)%nat -> total n (fun i => w i * (if Nat.eqb i r then v i else 0)) = w r * v r.
Proof.
  induction n; intros w v r H; [lia|]. cbn [total]. destruct r as [|r].
  - simpl Nat.eqb. rewrite (total_ext n _ (fun i => 0 * 0)). rewrite total_scale. simpl. ring. intros; simpl; ring.
  - simpl (Nat.eqb 0 (S r)). rewrite Rmult_0_r, Rplus_0_l. exact (IHn (fun i => w (S i)) (fun i => v (S i)) r ltac:(lia)).
Qed.
Lemma total_powers : forall n u, u <> 1 -> total n (fun r => u ^ r) = (1 - u ^ n) / (1 - u).
Proof.
  induction n; intros. simpl. field. lra. rewrite total_last, IHn by auto. simpl. field. lra.
Qed.
Lemma fact_positive : forall n, 0 < INR (fact n).
Proof. intros. apply lt_0_INR, lt_O_fact. Qed.
Section Correlated.
Variable c : R.
Hypothesis inside : Rabs c < 1.
Let s := sqrt (1 - c ^ 2).
Lemma c_square : 0 <= c ^ 2 < 1.
Proof. split. apply pow2_ge_0. rewrite <- pow2_abs. pose proof (Rabs_pos c). simpl. nra. Qed.
Lemma s_positive : 0 < s.
Proof. pose proof c_square. apply sqrt_lt_R0. lra. Qed.
Lemma s_square : s ^ 2 = 1 - c ^ 2.
Proof. pose proof c_square. unfold s. apply pow2_sqrt. lra. Qed.
Lemma s_small : s <= 1.
Proof. pose proof s_square. pose proof s_positive. pose proof c_square. destruct (Rle_dec s 1); auto. assert (1 < s * s) by nra. simpl in *. lra. Qed.

(* The mean of g(c x + s z) over z is that of g(y) kernel(x, y) over y. *)
Definition kernel (x y : R) : R := / s * exp (- ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))).
Lemma kernel_bell : forall x z, s * (kernel x (s * z + c * x) * bell (s * z + c * x)) = bell z.
Proof.
  intros. pose proof s_positive. pose proof s_square as E. unfold kernel, bell. rewrite <- (Rmult_assoc s), <- (Rmult_assoc s), Rinv_r, Rmult_1_l,
    <- exp_plus by lra.
  f_equal. assert (C : c ^ 2 = 1 - s ^ 2) by lra.
  replace (c ^ 2 * x ^ 2 - 2 * c * x * (s * z + c * x) + c ^ 2 * (s * z + c * x) ^ 2) with
    (s ^ 2 * z ^ 2 - s ^ 2 * (s * z + c * x) ^ 2 + (c ^ 2 - (1 - s ^ 2)) * ((s * z + c * x) ^ 2 + x ^ 2 - x ^ 2)) by ring.
  rewrite C. field. lra.
Qed.
Lemma kernel_positive : forall x y, 0 < kernel x y.
Proof. intros. apply Rmult_lt_0_compat. apply Rinv_0_lt_compat, s_positive. apply exp_pos. Qed.
Lemma kernel_bound : forall m B x y, Rabs x <= B -> B / s ^ 2 <= INR m -> kernel x y <= / s * exp (INR m * Rabs y).
Proof.
  intros m B x y HB HM. pose proof s_positive. pose proof c_square. apply Rmult_le_compat_l. left; now apply Rinv_0_lt_compat. apply exp_more.
  assert (S2 : 0 < s ^ 2) by (rewrite s_square; lra).
  apply Rle_trans with (B / s ^ 2 * Rabs y). 2: { apply Rmult_le_compat_r; auto. apply Rabs_pos. }
  replace (- ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))) with
    ((c * (x * y) - (c ^ 2 * (x ^ 2 + y ^ 2)) / 2) * / s ^ 2) by (field; lra).
  replace (B / s ^ 2 * Rabs y) with (B * Rabs y * / s ^ 2) by (field; lra).
  apply Rmult_le_compat_r. left; now apply Rinv_0_lt_compat.
  assert (0 <= c ^ 2 * (x ^ 2 + y ^ 2)) by (apply Rmult_le_pos; [lra | pose proof (pow2_ge_0 x); pose proof (pow2_ge_0 y); lra]).
  assert (c * (x * y) <= B * Rabs y); [|lra].
  apply Rle_trans with (1 := Rle_abs _). rewrite !Rabs_mult. pose proof (Rabs_pos x). pose proof (Rabs_pos y). pose proof (Rabs_pos c).
  apply Rle_trans with (1 * (Rabs x * Rabs y)). apply Rmult_le_compat_r. now apply Rmult_le_pos. lra.
  rewrite Rmult_1_l. now apply Rmult_le_compat_r.
Qed.
Lemma fine_kernel : forall x, fine (kernel x).
Proof.
  intros. pose proof s_positive. apply fine_continuous.
  - intros. apply (ex_derive_continuous (kernel x)). unfold kernel. auto_derive. auto.
  - destruct (nat_above (Rabs x / s ^ 2)) as [m M]. exists (/ s), m. split. left; now apply Rinv_0_lt_compat.
    intros. rewrite Rabs_pos_eq by (left; apply kernel_positive). apply kernel_bound with (Rabs x); auto. lra.
Qed.
Lemma smoothed : forall g, fine g -> forall x, has_mean (fun z => g (c * x + s * z)) /\
  Mean (fun z => g (c * x + s * z)) = Mean (fun y => g y * kernel x y).
Proof.
  intros g G x. pose proof sqrt_2pi. assert (F : fine (fun y => g y * kernel x y)) by (apply fine_mult; auto; apply fine_kernel).
  pose proof (fine_exists _ F) as H0. apply (whole_linear _ _ s (c * x) s_positive) in H0.
  destruct (mean_is (fun z => g (c * x + s * z)) (Mean (fun y => g y * kernel x y) * sqrt (2 * PI))) as [A B].
  - replace (fun z => g (c * x + s * z) * bell z) with (fun z => s * (g (s * z + c * x) * kernel x (s * z + c * x) * bell (s * z + c * x))); auto.
    apply functional_extensionality. intros. rewrite <- (kernel_bell x x0), (Rplus_comm (c * x)). ring.
  - split; auto. rewrite B. field. lra.
Qed.
Definition smooth_out (g : R -> R) (x : R) : R := Mean (fun y => g y * kernel x y).
Lemma smooth_out_grown : forall g, fine g -> grown (smooth_out g).
Proof.
  intros g G. pose proof G as [_ [C [k [C0 B]]]]. pose proof s_positive. pose proof s_small. pose proof (pos_INR k) as PK.
  assert (E : forall x z, exp (INR k * Rabs (c * x + s * z)) <= exp (INR k * Rabs x) * exp (INR k * Rabs z)).
  { intros. rewrite <- exp_plus. apply exp_more. rewrite <- Rmult_plus_distr_l. apply Rmult_le_compat_l; auto.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult. rewrite (Rabs_pos_eq s) by lra.
    pose proof (Rabs_pos x). pose proof (Rabs_pos z). nra. }
  assert (F1 : fine (fun y => C * exp (INR k * Rabs y))) by apply fine_scale, fine_exp.
  assert (D : 0 <= Mean (fun z => exp (INR k * Rabs z))). { apply mean_nonneg. apply fine_exp. intros; left; apply exp_pos. }
  exists (C * Mean (fun z => exp (INR k * Rabs z))), k. split. now apply Rmult_le_pos.
  intros. assert (F2 : fine (fun z => C * exp (INR k * Rabs (c * x + s * z)))).
  { apply fine_scale. apply fine_continuous. intros. apply exp_line_continuous.
    exists (exp (INR k * Rabs x)), k. split. left; apply exp_pos. intros. rewrite Rabs_pos_eq. apply E. left; apply exp_pos. }
  apply Rle_trans with (Mean (fun y => C * exp (INR k * Rabs y) * kernel x y)).
  - apply mean_abs. apply fine_mult; auto. apply fine_kernel. apply fine_mult; auto. apply fine_kernel.
    intros. rewrite Rabs_mult, (Rabs_pos_eq (kernel _ _)) by (left; apply kernel_positive). apply Rmult_le_compat_r; auto. left; apply
      kernel_positive.
  - destruct (smoothed _ F1 x) as [_ <-]. replace (C * Mean (fun z => exp (INR k * Rabs z)) * exp (INR k * Rabs x)) with
      ((C * exp (INR k * Rabs x)) * Mean (fun z => exp (INR k * Rabs z))) by ring.
    rewrite <- mean_scale by apply fine_exp. apply mean_le; auto. apply fine_scale, fine_exp.
    intros. rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
Qed.
Lemma kernel_derive : forall x y : R, is_derive (fun x => kernel x y) x (kernel x y * (- (c ^ 2 * x - c * y) / s ^ 2)).
Proof.
  intros. pose proof s_positive.
  replace (kernel x y * (- (c ^ 2 * x - c * y) / s ^ 2)) with (/ s * (- (c ^ 2 * x - c * y) / s ^ 2 *
    exp (- ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))))) by (unfold kernel; ring).
  apply is_derive_scal.
  apply (is_derive_comp exp (fun x => - ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))) x). apply is_derive_exp.
  assert (E : / (2 * s ^ 2) = / 2 * / s ^ 2) by (field; lra).
  unfold Rdiv. rewrite E. auto_derive; auto. reals. field. lra.
Qed.
Lemma smooth_out_continuous : forall g, fine g -> forall x, continuous (smooth_out g) x.
Proof.
  intros g G x0. pose proof s_positive as SP. pose proof c_square. assert (S2 : 0 < s ^ 2) by (rewrite s_square; lra).
  set (B := Rabs x0 + 1). assert (B0 : 0 < B) by (unfold B; pose proof (Rabs_pos x0); lra).
  destruct (nat_above (B / s ^ 2)) as [m M].
  set (L := / s * ((B + 1) / s ^ 2)). assert (L0 : 0 <= L).
  { unfold L. apply Rmult_le_pos. left; now apply Rinv_0_lt_compat. apply Rmult_le_pos. lra. left; now apply Rinv_0_lt_compat. }
  assert (Q : forall x y, Rabs x <= B -> Rabs (kernel x y - kernel x0 y) <= L * exp (INR (m + 1) * Rabs y) * Rabs (x - x0)).
  { intros. destruct (MVT_gen (fun x => kernel x y) x0 x (fun x => kernel x y * (- (c ^ 2 * x - c * y) / s ^ 2))) as [t [T E]].
    - intros. apply kernel_derive.
    - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous (fun x => kernel x y)). eexists. apply kernel_derive.
    - cbv beta in E. rewrite E, Rabs_mult. apply Rmult_le_compat_r. apply Rabs_pos.
      assert (TB : Rabs t <= B). { assert (Rabs x0 <= B) by (unfold B; lra). apply Rabs_le_between in H0, H1. apply Rabs_le.
        unfold Rmin, Rmax in T. destruct (Rle_dec x0 x); lra. }
      rewrite Rabs_mult, (Rabs_pos_eq (kernel _ _)) by (left; apply kernel_positive).
      unfold L. rewrite plus_INR, Rmult_plus_distr_r, exp_plus. simpl (INR 1). rewrite Rmult_1_l.
      replace (/ s * ((B + 1) / s ^ 2) * (exp (INR m * Rabs y) * exp (Rabs y))) with
        ((/ s * exp (INR m * Rabs y)) * ((B + 1) * exp (Rabs y) / s ^ 2)) by (field; lra).
      apply Rmult_le_compat. left; apply kernel_positive. apply Rabs_pos. now apply kernel_bound with B.
      unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
      apply Rmult_le_compat_r. left; now apply Rinv_0_lt_compat. rewrite Rabs_Ropp.
      assert (C1 : Rabs c <= 1) by lra. pose proof (Rabs_pos y) as Y. pose proof (Rabs_pos t) as TP. pose proof (exp_ineq1_le (Rabs y)) as EY.
      apply Rle_trans with (B + Rabs y). 2: nra.
      unfold Rminus. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp, !Rabs_mult. rewrite (Rabs_pos_eq (c ^ 2)) by lra.
      pose proof (Rabs_pos c). apply Rplus_le_compat; nra. }
  pose proof (fine_exp (m + 1)) as FE. pose proof (fine_scale L _ FE) as FL.
  assert (FA : fine (fun y => Rabs (g y))).
  { destruct G as [[u [v [U [V E]]]] [C [k [C0 GB]]]]. split.
    - exists (fun x => Rabs (u x)), (fun x => Rabs (v x)). split; [|split].
      intros. apply (continuous_comp u Rabs); auto. apply continuous_Rabs. intros. apply (continuous_comp v Rabs); auto. apply continuous_Rabs.
      intros. rewrite E. unfold joined. now destruct Rlt_dec.
    - exists C, k. split; auto. intros. now rewrite Rabs_Rabsolu. }
  set (D := Mean (fun y => Rabs (g y) * (L * exp (INR (m + 1) * Rabs y)))).
  assert (FD : fine (fun y => Rabs (g y) * (L * exp (INR (m + 1) * Rabs y)))) by now apply fine_mult.
  assert (D0 : 0 <= D). { apply mean_nonneg; auto. intros. apply Rmult_le_pos. apply Rabs_pos. apply Rmult_le_pos; auto. left; apply exp_pos. }
  assert (K : forall x, Rabs x <= B -> Rabs (smooth_out g x - smooth_out g x0) <= D * Rabs (x - x0)).
  { intros. unfold smooth_out, D. pose proof (fine_kernel x). pose proof (fine_kernel x0).
    assert (F1 : fine (fun y => g y * kernel x y)) by now apply fine_mult. assert (F2 : fine (fun y => g y * kernel x0 y)) by now apply fine_mult.
    rewrite <- mean_minus by auto. rewrite (Rmult_comm _ (Rabs (x - x0))), <- mean_scale by auto.
    apply mean_abs. now apply fine_minus. now apply fine_scale. intros y.
    replace (g y * kernel x y - g y * kernel x0 y) with (g y * (kernel x y - kernel x0 y)) by ring. rewrite Rabs_mult.
    replace (Rabs (x - x0) * (Rabs (g y) * (L * exp (INR (m + 1) * Rabs y)))) with (Rabs (g y) * (L * exp (INR (m + 1) * Rabs y) * Rabs (x - x0)))
      by ring.
    apply Rmult_le_compat_l. apply Rabs_pos. now apply Q. }
  apply continuity_pt_filterlim. intros eps He. exists (Rmin 1 (eps / (D + 1))). split. apply Rmin_pos. lra. apply Rdiv_lt_0_compat; lra.
  intros x [_ Hx]. simpl in *. unfold R_dist in *. assert (X1 : Rabs (x - x0) < 1) by (apply Rlt_le_trans with (1 := Hx), Rmin_l).
  assert (X2 : Rabs (x - x0) < eps / (D + 1)) by (apply Rlt_le_trans with (1 := Hx), Rmin_r).
  apply Rle_lt_trans with (D * Rabs (x - x0)). apply K. unfold B. replace x with (x0 + (x - x0)) by ring. apply Rle_trans with (1 := Rabs_triang _
    _). lra.
  apply (Rmult_lt_compat_r (D + 1)) in X2; [|lra]. unfold Rdiv in X2. rewrite Rmult_assoc, Rinv_l in X2 by lra. pose proof (Rabs_pos (x - x0)). nra.
Qed.
Lemma fine_smooth_out : forall g, fine g -> fine (smooth_out g).
Proof. intros. apply fine_continuous. intros. now apply smooth_out_continuous. now apply smooth_out_grown. Qed.
Lemma pair_is : forall f g, fine f -> fine g -> has_pair c f g /\ Pair c f g = Mean (fun x => f x * smooth_out g x).
Proof.
  intros f g F G. assert (E : (fun x => f x * Mean (fun z => g (c * x + sqrt (1 - c ^ 2) * z))) = (fun x => f x * smooth_out g x)).
  { apply functional_extensionality. intros. f_equal. apply (smoothed g G). }
  split. split; [exact inside|]. split. intros. apply (smoothed g G x). rewrite E. apply fine_exists, fine_mult; auto. now apply fine_smooth_out.
  unfold Pair. now rewrite E.
Qed.
(* Hermite polynomials are multiplied by powers of c. *)
Lemma smoothed_he : forall n x, Mean (fun z => he n (c * x + s * z)) = c ^ n * he n x.
Proof.
  assert (H : forall n, (forall x, Mean (fun z => he n (c * x + s * z)) = c ^ n * he n x) /\ forall x, Mean (fun z => he (S n) (c * x + s * z)) = c
    ^ S n * he (S n) x).
  2: { intros n. exact (proj1 (H n)). }
  assert (Step : forall n x, Mean (fun z => he (S n) (c * x + s * z)) =
    c * x * Mean (fun z => he n (c * x + s * z)) - c ^ 2 * (INR n * Mean (fun z => he' n (c * x + s * z)))).
  { intros. assert (F0 : fine (fun z => he n (c * x + s * z))) by apply fine_he_line.
    assert (F1 : fine (fun z => he' n (c * x + s * z))) by (destruct n; [exact (fine_const 0) | apply (fine_he_line n)]).
    assert (F2 : fine (fun z => z * he n (c * x + s * z))) by (apply fine_mult; auto; apply fine_id).
    assert (F3 : fine (fun z => s * INR n * he' n (c * x + s * z))) by now apply fine_scale.
    assert (K : Mean (fun z => z * he n (c * x + s * z) - s * INR n * he' n (c * x + s * z)) = 0).
    { apply (stein (fun z => he n (c * x + s * z)) (fun z => s * INR n * he' n (c * x + s * z))); auto.
      - intros. replace (s * INR n * he' n (c * x + s * x0)) with (s * (INR n * he' n (c * x + s * x0))) by ring.
        apply (is_derive_comp (he n) (fun z => c * x + s * z)). apply he_derive. auto_derive; auto. reals. ring.
      - intros. apply (continuous_mult (fun _ => s * INR n) (fun z => he' n (c * x + s * z))). apply continuous_const.
        apply (continuous_comp (fun z => c * x + s * z) (he' n)). apply (ex_derive_continuous (fun z => c * x + s * z)). auto_derive. auto. apply
          he'_continuous. }
    rewrite (mean_minus (fun z => z * he n (c * x + s * z)) (fun z => s * INR n * he' n (c * x + s * z))) in K by auto.
    rewrite (mean_scale (s * INR n) (fun z => he' n (c * x + s * z))) in K by auto.
    replace (fun z => he (S n) (c * x + s * z)) with (fun z => (c * x * he n (c * x + s * z) + s * (z * he n (c * x + s * z))) - INR n * he' n (c *
      x + s * z)).
    2: { apply functional_extensionality. intros. rewrite he_step. ring. }
    rewrite (mean_minus (fun z => c * x * he n (c * x + s * z) + s * (z * he n (c * x + s * z))) (fun z => INR n * he' n (c * x + s * z))).
    rewrite (mean_plus (fun z => c * x * he n (c * x + s * z)) (fun z => s * (z * he n (c * x + s * z)))).
    rewrite (mean_scale (c * x) (fun z => he n (c * x + s * z))), (mean_scale s (fun z => z * he n (c * x + s * z))), (mean_scale (INR n) (fun z =>
      he' n (c * x + s * z))); auto.
    - replace (Mean (fun z => z * he n (c * x + s * z))) with (s * INR n * Mean (fun z => he' n (c * x + s * z))) by lra.
      pose proof s_square as E. replace (c ^ 2) with (1 - s ^ 2) by lra. ring.
    - now apply fine_scale.
    - now apply fine_scale.
    - apply fine_plus; now apply fine_scale.
    - now apply fine_scale. }
  induction n as [|n [A B]].
  - assert (A0 : forall x, Mean (fun z => he 0 (c * x + s * z)) = 1) by (intros; exact mean_one).
    split; intros. rewrite A0. simpl. ring. rewrite Step, A0. simpl. ring.
  - split; auto. intros. rewrite Step, B. change (he' (S n)) with (he n). rewrite A, (he_step (S n)). change (he' (S n) x) with (he n x). simpl. ring.
Qed.
Lemma kernel_he : forall n x, Mean (fun y => he n y * kernel x y) = c ^ n * he n x.
Proof. intros. destruct (smoothed (he n) (fine_he n) x) as [_ <-]. apply smoothed_he. Qed.
(* The square of the kernel, and what is left of it beyond N terms. *)
Let q := sqrt (1 + c ^ 2).
Lemma q_square : q ^ 2 = 1 + c ^ 2.
Proof. pose proof c_square. unfold q. apply pow2_sqrt. lra. Qed.
Lemma q_above : 0 < q.
Proof. pose proof c_square. apply sqrt_lt_R0. lra. Qed.
Definition diagonal (x : R) : R := / (s * q) * exp (c ^ 2 * x ^ 2 / q ^ 2).
Lemma kernel_square : forall x, Mean (fun y => kernel x y ^ 2) = diagonal x.
Proof.
  intros. pose proof s_positive. pose proof q_above. pose proof s_square as E. pose proof q_square as Q. pose proof sqrt_2pi.
  assert (A : 0 < q / s) by now apply Rdiv_lt_0_compat.
  pose proof (whole_scale (diagonal x) _ _ (whole_linear _ _ (q / s) (- (2 * c * x / (q * s))) A whole_bell)) as W.
  destruct (mean_is (fun y => kernel x y ^ 2) (diagonal x * sqrt (2 * PI))) as [_ B].
  - replace (fun y => kernel x y ^ 2 * bell y) with (fun y => diagonal x * (q / s * bell (q / s * y + - (2 * c * x / (q * s))))); auto.
    apply functional_extensionality. intros y. unfold diagonal, kernel, bell. rewrite Rpow_mult_distr.
    replace (exp (- ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))) ^ 2) with
      (exp (- ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2)) + - ((c ^ 2 * x ^ 2 - 2 * c * x * y + c ^ 2 * y ^ 2) / (2 * s ^ 2))))
        by (rewrite exp_plus; ring).
    rewrite (Rmult_assoc (_ ^ 2)), <- exp_plus.
    replace (/ (s * q) * exp (c ^ 2 * x ^ 2 / q ^ 2) * (q / s * exp (- ((q / s * y + - (2 * c * x / (q * s))) ^ 2 / 2)))) with
      ((/ s) ^ 2 * (exp (c ^ 2 * x ^ 2 / q ^ 2) * exp (- ((q / s * y + - (2 * c * x / (q * s))) ^ 2 / 2)))) by (field; lra).
    rewrite <- exp_plus. do 2 f_equal.
    assert (C1 : q ^ 2 = 2 - s ^ 2) by lra.
    replace ((q / s * y + - (2 * c * x / (q * s))) ^ 2) with ((q ^ 2) * y ^ 2 / s ^ 2 - 4 * c * x * y / s ^ 2 + 4 * c ^ 2 * x ^ 2 / (q ^ 2 * s ^
      2)) by (field; lra).
    assert (C2 : c ^ 2 = 1 - s ^ 2) by lra. assert (0 < q ^ 2) by (rewrite Q; pose proof c_square; lra). rewrite C1 in *. rewrite C2. field. lra.
  - rewrite B. field. lra.
Qed.
Definition rest (n : nat) (x y : R) : R := kernel x y - total n (fun r => c ^ r / INR (fact r) * he r x * he r y).
Lemma fine_rest : forall n x, fine (rest n x).
Proof. intros. apply (fine_minus (kernel x)). apply fine_kernel. apply (fine_total n (fun r y => c ^ r / INR (fact r) * he r x * he r y)). intros.
  apply fine_scale, fine_he. Qed.
Lemma rest_he : forall n x r, (r < n)%nat -> Mean (fun y => he r y * rest n x y) = 0.
Proof.
  intros n x r H. replace (fun y => he r y * rest n x y) with (fun y => he r y * kernel x y - total n (fun i => c ^ i / INR (fact i) * he i x * (he
    i y * he r y))).
  - rewrite (mean_minus (fun y => he r y * kernel x y) (fun y => total n (fun i => c ^ i / INR (fact i) * he i x * (he i y * he r y)))).
    rewrite kernel_he, (mean_total n (fun i y => c ^ i / INR (fact i) * he i x * (he i y * he r y))).
    rewrite (total_ext n _ (fun i => c ^ i / INR (fact i) * he i x * (if Nat.eqb i r then INR (fact r) else 0))).
    rewrite (total_delta n _ (fun _ => INR (fact r)) r) by auto. field. apply Rgt_not_eq, fact_positive.
    + intros. rewrite (mean_scale (c ^ i / INR (fact i) * he i x) (fun y => he i y * he r y)), orthogonal. reflexivity. apply fine_mult; apply
      fine_he.
    + intros. apply fine_scale. apply fine_mult; apply fine_he.
    + apply fine_mult. apply fine_he. apply fine_kernel.
    + apply (fine_total n (fun i y => c ^ i / INR (fact i) * he i x * (he i y * he r y))). intros. apply fine_scale. apply fine_mult; apply fine_he.
  - apply functional_extensionality. intros y. unfold rest. rewrite Rmult_minus_distr_l. f_equal. rewrite <- total_scale. apply total_ext. intros.
    ring.
Qed.
Lemma rest_square : forall n x, Mean (fun y => rest n x y ^ 2) = diagonal x - total n (fun r => (c ^ 2) ^ r / INR (fact r) * he r x ^ 2).
Proof.
  intros. set (w := fun r => c ^ r / INR (fact r) * he r x).
  assert (FK : fine (fun y => kernel x y * rest n x y)) by (apply fine_mult; [apply fine_kernel | apply fine_rest]).
  assert (FH : forall i, fine (fun y => w i * (he i y * rest n x y))) by (intros; apply fine_scale, fine_mult; [apply fine_he | apply fine_rest]).
  replace (fun y => rest n x y ^ 2) with (fun y => kernel x y * rest n x y - total n (fun r => w r * (he r y * rest n x y))).
  - rewrite (mean_minus (fun y => kernel x y * rest n x y) (fun y => total n (fun r => w r * (he r y * rest n x y)))); auto.
    2: now apply (fine_total n (fun r y => w r * (he r y * rest n x y))).
    rewrite (mean_total n (fun r y => w r * (he r y * rest n x y))) by auto.
    rewrite (total_ext n _ (fun i => 0 * 0)). rewrite total_scale, Rmult_0_l, Rminus_0_r.
    + replace (fun y => kernel x y * rest n x y) with (fun y => kernel x y ^ 2 - total n (fun r => w r * (he r y * kernel x y))).
      * assert (FW : forall i, fine (fun y => w i * (he i y * kernel x y))) by (intros; apply fine_scale, fine_mult; [apply fine_he | apply
        fine_kernel]).
        rewrite (mean_minus (fun y => kernel x y ^ 2) (fun y => total n (fun r => w r * (he r y * kernel x y)))).
        rewrite kernel_square, (mean_total n (fun r y => w r * (he r y * kernel x y))) by auto. f_equal. apply total_ext.
        intros. rewrite (mean_scale (w i) (fun y => he i y * kernel x y)), kernel_he. unfold w. rewrite <- pow_mult, Nat.mul_comm, pow_mult. field.
          apply Rgt_not_eq, fact_positive.
        apply fine_mult; [apply fine_he | apply fine_kernel]. apply fine_square, fine_kernel. now apply (fine_total n (fun r y => w r * (he r y *
          kernel x y))).
      * apply functional_extensionality. intros y. unfold rest. rewrite Rmult_minus_distr_l. f_equal. ring. rewrite <- total_scale. apply
        total_ext. intros. unfold w. ring.
    + intros. rewrite (mean_scale (w i) (fun y => he i y * rest n x y)). rewrite rest_he by auto. ring.
      apply fine_mult; [apply fine_he | apply fine_rest].
  - apply functional_extensionality. intros y. replace (rest n x y ^ 2) with (kernel x y * rest n x y - (kernel x y - rest n x y) * rest n x y) by
    ring.
    f_equal. replace (kernel x y - rest n x y) with (total n (fun r => w r * he r y)) by (unfold rest, w; lra).
    rewrite Rmult_comm, <- total_scale. apply total_ext. intros. ring.
Qed.
Variable g : R -> R.
Hypothesis g_fine : fine g.
Definition part (n : nat) : R := Mean (fun y => g y * he n y).
Lemma fine_part : forall n, fine (fun y => g y * he n y).
Proof. intros. apply fine_mult; auto. apply fine_he. Qed.
Definition beyond (n : nat) (x : R) : R := smooth_out g x - total n (fun r => c ^ r / INR (fact r) * part r * he r x).
Lemma fine_beyond : forall n, fine (beyond n).
Proof. intros. apply (fine_minus (smooth_out g)). now apply fine_smooth_out. apply (fine_total n (fun r x => c ^ r / INR (fact r) * part r * he r
  x)). intros. apply fine_scale, fine_he. Qed.
Lemma beyond_is : forall n x, beyond n x = Mean (fun y => g y * rest n x y).
Proof.
  intros. assert (FW : forall i, fine (fun y => c ^ i / INR (fact i) * he i x * (g y * he i y))) by (intros; apply fine_scale, fine_part).
  replace (fun y => g y * rest n x y) with (fun y => g y * kernel x y - total n (fun r => c ^ r / INR (fact r) * he r x * (g y * he r y))).
  - rewrite (mean_minus (fun y => g y * kernel x y) (fun y => total n (fun r => c ^ r / INR (fact r) * he r x * (g y * he r y)))).
    rewrite (mean_total n (fun r y => c ^ r / INR (fact r) * he r x * (g y * he r y))) by auto.
    unfold beyond, smooth_out. f_equal. apply total_ext. intros.
    rewrite (mean_scale (c ^ i / INR (fact i) * he i x) (fun y => g y * he i y)). unfold part. ring. apply fine_part.
    apply fine_mult; auto. apply fine_kernel. now apply (fine_total n (fun r y => c ^ r / INR (fact r) * he r x * (g y * he r y))).
  - apply functional_extensionality. intros y. unfold rest. rewrite Rmult_minus_distr_l. f_equal. rewrite <- total_scale. apply total_ext. intros.
    ring.
Qed.
Lemma beyond_small : forall n, Mean (fun x => beyond n x ^ 2) <= Mean (fun y => g y ^ 2) * ((c ^ 2) ^ n / s ^ 2).
Proof.
  intros. pose proof s_positive. pose proof q_above. pose proof s_square as E. pose proof q_square as Q. pose proof sqrt_2pi. pose proof c_square.
  set (G := Mean (fun y => g y ^ 2)). set (S2 := fun x => total n (fun r => (c ^ 2) ^ r / INR (fact r) * he r x ^ 2)).
  assert (FH : forall r, fine (fun x => (c ^ 2) ^ r / INR (fact r) * he r x ^ 2)) by (intros; apply fine_scale, fine_square, fine_he).
  assert (FS : fine S2) by now apply (fine_total n (fun r x => (c ^ 2) ^ r / INR (fact r) * he r x ^ 2)).
  assert (MS : Mean S2 = (1 - (c ^ 2) ^ n) / s ^ 2).
  { unfold S2. rewrite (mean_total n (fun r x => (c ^ 2) ^ r / INR (fact r) * he r x ^ 2)) by auto.
    rewrite (total_ext n _ (fun r => (c ^ 2) ^ r)). rewrite total_powers by lra. now rewrite E.
    intros. rewrite (mean_scale ((c ^ 2) ^ i / INR (fact i)) (fun x => he i x ^ 2)) by apply fine_square, fine_he.
    replace (fun x => he i x ^ 2) with (fun x => he i x * he i x) by (apply functional_extensionality; intros; ring).
    rewrite orthogonal, Nat.eqb_refl. field. apply Rgt_not_eq, fact_positive. }
  assert (A : 0 < s / q) by now apply Rdiv_lt_0_compat.
  pose proof (whole_scale (/ s ^ 2) _ _ (whole_linear _ _ (s / q) 0 A whole_bell)) as W.
  assert (DB : forall x, diagonal x * bell x = / s ^ 2 * (s / q * bell (s / q * x + 0))).
  { intros. unfold diagonal, bell. rewrite Rmult_assoc, <- exp_plus. replace (/ s ^ 2 * (s / q * exp (- ((s / q * x + 0) ^ 2 / 2)))) with (/ (s *
    q) * exp (- ((s / q * x + 0) ^ 2 / 2))) by (field; lra).
    f_equal. f_equal. replace ((s / q * x + 0) ^ 2) with (s ^ 2 * x ^ 2 / q ^ 2) by (field; lra). assert (C2 : s ^ 2 = 2 - q ^ 2) by lra. assert
      (C3 : c ^ 2 = q ^ 2 - 1) by lra. rewrite C2, C3. field. lra. }
  assert (DI : forall a b, ex_RInt (fun x => diagonal x * bell x) a b).
  { intros. apply (ex_RInt_continuous (fun x => diagonal x * bell x)). intros. apply (continuous_mult diagonal bell). 2: apply bell_continuous.
    apply (ex_derive_continuous diagonal). unfold diagonal. auto_derive. auto. }
  pose proof (whole_limit _ _ W _ _ line_left line_right) as L1. pose proof (fine_limit S2 FS) as L2. rewrite MS in L2.
  apply Rmult_le_reg_r with (sqrt (2 * PI)); auto.
  assert (K : Rbar_le (Mean (fun x => beyond n x ^ 2) * sqrt (2 * PI)) (G * (/ s ^ 2 * sqrt (2 * PI) - (1 - (c ^ 2) ^ n) / s ^ 2 * sqrt (2 * PI)))).
  2: { simpl in K. replace (G * ((c ^ 2) ^ n / s ^ 2) * sqrt (2 * PI)) with (G * (/ s ^ 2 * sqrt (2 * PI) - (1 - (c ^ 2) ^ n) / s ^ 2 * sqrt (2 *
    PI))) by (field; lra). exact K. }
  apply (is_lim_seq_le _ _ _ _) with (2 := fine_limit _ (fine_square _ (fine_beyond n))) (3 := is_lim_seq_scal_l _ G _ (is_lim_seq_minus' _ _ _ _
    L1 L2)).
  intros m. pose proof (pos_INR m).
  replace (RInt (fun x => / s ^ 2 * (s / q * bell (s / q * x + 0))) (- INR m) (INR m)) with (RInt (fun x => diagonal x * bell x) (- INR m) (INR m)).
  2: { apply area_ext. exact DB. }
  pose proof (fine_integrable S2 FS (- INR m) (INR m)) as I2. pose proof (DI (- INR m) (INR m)) as I1.
  replace (RInt (fun x => diagonal x * bell x) (- INR m) (INR m) - RInt (fun x => S2 x * bell x) (- INR m) (INR m)) with
    (RInt (fun x => diagonal x * bell x - S2 x * bell x) (- INR m) (INR m)).
  2: exact (RInt_minus (fun x => diagonal x * bell x) (fun x => S2 x * bell x) (- INR m) (INR m) I1 I2).
  assert (I3 : ex_RInt (fun x => diagonal x * bell x - S2 x * bell x) (- INR m) (INR m)) by exact (ex_RInt_minus _ _ _ _ I1 I2).
  rewrite <- area_scale by auto. apply RInt_le. lra. apply fine_integrable. apply fine_square, fine_beyond.
  exact (ex_RInt_scal (fun x => diagonal x * bell x - S2 x * bell x) _ _ G I3).
  intros x _. replace (G * (diagonal x * bell x - S2 x * bell x)) with (G * (diagonal x - S2 x) * bell x) by ring.
  apply Rmult_le_compat_r. left; apply exp_pos. rewrite beyond_is. unfold S2. rewrite <- rest_square. apply mean_cauchy; auto. apply fine_rest.
Qed.
Theorem pair_series : forall f n, fine f ->
  (Pair c f g - total n (fun r => c ^ r / INR (fact r) * (Mean (fun y => f y * he r y) * part r))) ^ 2 <=
  Mean (fun x => f x ^ 2) * Mean (fun y => g y ^ 2) * ((c ^ 2) ^ n / s ^ 2).
Proof.
  intros f n F. destruct (pair_is f g F g_fine) as [_ ->].
  assert (FW : forall r, fine (fun x => c ^ r / INR (fact r) * part r * (f x * he r x))) by (intros; apply fine_scale, fine_mult; auto; apply
    fine_he).
  assert (E : Mean (fun x => f x * smooth_out g x) - total n (fun r => c ^ r / INR (fact r) * (Mean (fun y => f y * he r y) * part r)) = Mean (fun
    x => f x * beyond n x)).
  { replace (fun x => f x * beyond n x) with (fun x => f x * smooth_out g x - total n (fun r => c ^ r / INR (fact r) * part r * (f x * he r x))).
    - rewrite (mean_minus (fun x => f x * smooth_out g x) (fun x => total n (fun r => c ^ r / INR (fact r) * part r * (f x * he r x)))).
      f_equal. rewrite (mean_total n (fun r x => c ^ r / INR (fact r) * part r * (f x * he r x))) by auto. apply total_ext. intros.
      rewrite (mean_scale (c ^ i / INR (fact i) * part i) (fun x => f x * he i x)). ring. apply fine_mult; auto. apply fine_he.
      apply fine_mult; auto. now apply fine_smooth_out. now apply (fine_total n (fun r x => c ^ r / INR (fact r) * part r * (f x * he r x))).
    - apply functional_extensionality. intros x. unfold beyond. rewrite Rmult_minus_distr_l. f_equal. rewrite <- total_scale. apply total_ext.
      intros. ring. }
  rewrite E. apply Rle_trans with (1 := mean_cauchy f (beyond n) F (fine_beyond n)). rewrite Rmult_assoc. apply Rmult_le_compat_l.
  apply mean_nonneg. now apply fine_square. intros; apply pow2_ge_0. apply beyond_small.
Qed.
End Correlated.
(* --- bounds of a pair from Hermite coefficients --- *)
Lemma mean_of_exponential : forall k, Mean (fun x => exp (INR k * Rabs x)) <= 2 * exp (INR k ^ 2 / 2).
Proof.
  intros. pose proof sqrt_2pi.
  assert (F : forall m, Rabs m <= INR k -> fine (fun x => exp (m * x))).
  { intros. apply fine_continuous. intros. apply (ex_derive_continuous (fun x => exp (m * x))). auto_derive. auto.
    exists 1, k. split; [lra|]. intros. rewrite Rabs_pos_eq by (left; apply exp_pos). rewrite Rmult_1_l. apply exp_more.
    apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult. apply Rmult_le_compat_r; auto. apply Rabs_pos. }
  assert (M : forall m, Mean (fun x => exp (m * x)) = exp (m ^ 2 / 2)).
  { intros. pose proof (whole_scale (exp (m ^ 2 / 2)) _ _ (whole_linear _ _ 1 (- m) Rlt_0_1 whole_bell)) as W.
    destruct (mean_is (fun x => exp (m * x)) (exp (m ^ 2 / 2) * sqrt (2 * PI))) as [_ E].
    - replace (fun x => exp (m * x) * bell x) with (fun x => exp (m ^ 2 / 2) * (1 * bell (1 * x + - m))); auto.
      apply functional_extensionality. intros. unfold bell. rewrite Rmult_1_l, <- !exp_plus. f_equal. field.
    - rewrite E. field. lra. }
  pose proof (pos_INR k) as P.
  assert (F1 : fine (fun x => exp (INR k * x))) by (apply F; rewrite Rabs_pos_eq; lra).
  assert (F2 : fine (fun x => exp (- INR k * x))) by (apply F; rewrite Rabs_Ropp, Rabs_pos_eq; lra).
  replace (2 * exp (INR k ^ 2 / 2)) with (Mean (fun x => exp (INR k * x) + exp (- INR k * x))).
  - apply mean_le. apply fine_exp. now apply fine_plus. intros. pose proof (exp_pos (INR k * x)). pose proof (exp_pos (- INR k * x)).
    unfold Rabs. destruct Rcase_abs. replace (INR k * - x) with (- INR k * x) by ring. lra. lra.
  - rewrite (mean_plus (fun x => exp (INR k * x)) (fun x => exp (- INR k * x))), !M; auto. replace ((- INR k) ^ 2) with (INR k ^ 2) by ring. ring.
Qed.
Lemma mean_square_bound : forall f c k, fine f -> 0 <= c -> (forall x, Rabs (f x) <= c * exp (INR k * Rabs x)) ->
  Mean (fun x => f x ^ 2) <= 2 * (c * exp (INR k ^ 2)) ^ 2.
Proof.
  intros f c k F C B. apply Rle_trans with (Mean (fun x => c ^ 2 * exp (INR (k + k) * Rabs x))).
  - apply mean_le. now apply fine_square. apply fine_scale, fine_exp. intros.
    replace (c ^ 2 * exp (INR (k + k) * Rabs x)) with ((c * exp (INR k * Rabs x)) ^ 2).
    + rewrite <- (pow2_abs (f x)). apply pow_incr. split; auto. apply Rabs_pos.
    + rewrite plus_INR, Rmult_plus_distr_r, exp_plus. ring.
  - rewrite mean_scale by apply fine_exp. pose proof (mean_of_exponential (k + k)) as M.
    replace (2 * (c * exp (INR k ^ 2)) ^ 2) with (c ^ 2 * (2 * exp (INR (k + k) ^ 2 / 2))).
    + apply Rmult_le_compat_l; auto. apply pow2_ge_0.
    + replace (INR (k + k) ^ 2 / 2) with (INR k ^ 2 + INR k ^ 2) by (rewrite plus_INR; field). rewrite exp_plus. ring.
Qed.
Lemma pow_maj_Rabs_ : forall x y, x ^ 2 <= y ^ 2 -> Rabs x <= Rabs y.
Proof. intros. apply Rsqr_le_abs_0. now rewrite !Rsqr_pow2. Qed.
Theorem pair_within : forall c f g n C k D l, Rabs c < 1 -> fine f -> fine g -> 0 <= C -> 0 <= D ->
  (forall x, Rabs (f x) <= C * exp (INR k * Rabs x)) -> (forall x, Rabs (g x) <= D * exp (INR l * Rabs x)) ->
  Rabs (Pair c f g - total n (fun r => c ^ r / INR (fact r) * (Mean (fun y => f y * he r y) * Mean (fun y => g y * he r y)))) <=
  2 * (C * exp (INR k ^ 2)) * (D * exp (INR l ^ 2)) * (Rabs c ^ n / sqrt (1 - c ^ 2)).
Proof.
  intros c f g n C k D l I F G HC HD Bf Bg. pose proof (s_positive c I) as SP. pose proof (s_square c I) as SS.
  pose proof (pair_series c I g G f n F) as H. set (d := Pair c f g - _) in *. set (s := sqrt (1 - c ^ 2)) in *.
  pose proof (exp_pos (INR k ^ 2)) as E1. pose proof (exp_pos (INR l ^ 2)) as E2. pose proof (Rabs_pos c) as AC.
  assert (P : 0 <= 2 * (C * exp (INR k ^ 2)) * (D * exp (INR l ^ 2)) * (Rabs c ^ n / s)).
  { repeat apply Rmult_le_pos; try lra. now apply pow_le. left; now apply Rinv_0_lt_compat. }
  rewrite <- (Rabs_pos_eq _ P). apply pow_maj_Rabs_. apply Rle_trans with (1 := H).
  pose proof (mean_square_bound f C k F HC Bf) as M1. pose proof (mean_square_bound g D l G HD Bg) as M2.
  replace ((2 * (C * exp (INR k ^ 2)) * (D * exp (INR l ^ 2)) * (Rabs c ^ n / s)) ^ 2) with
    ((2 * (C * exp (INR k ^ 2)) ^ 2) * (2 * (D * exp (INR l ^ 2)) ^ 2) * ((c ^ 2) ^ n / s ^ 2)).
  - apply Rmult_le_compat_r. apply Rmult_le_pos. apply pow_le, pow2_ge_0. left. apply Rinv_0_lt_compat. rewrite SS. pose proof (c_square c I). lra.
    apply Rmult_le_compat; auto; apply mean_nonneg; try (now apply fine_square); intros; apply pow2_ge_0.
  - rewrite <- (pow2_abs c), <- pow_mult, Nat.mul_comm, pow_mult. field. lra.
Qed.
(* --- Hermite coefficients, all of them from the same panels --- *)
Lemma smooth_he : forall n, Smooth (he n).
Proof.
  assert (H : forall n, Smooth (he n) /\ Smooth (he (S n))).
  { induction n as [|n [A B]].
    - split; intros m. exact (smooth_const m 1). apply smooth_ext with (f := fun x => x). intros; simpl; ring. apply smooth_id.
    - split; auto. apply (smooth_sub (fun x => x * he (S n) x) (fun x => INR (S n) * he n x)).
      intros m. apply (smooth_mult m (fun x => x)); auto. apply smooth_id. intros m. apply (smooth_mult m (fun _ => INR (S n))); auto. apply
        smooth_const. }
  intros n. exact (proj1 (H n)).
Qed.
Lemma smooth_he' : forall n, Smooth (he' n).
Proof. destruct n. intros m. exact (smooth_const m 0). apply (smooth_he n). Qed.
Lemma smooth_times : forall f g, Smooth f -> Smooth g -> Smooth (fun x => f x * g x).
Proof. intros f g F G n. now apply smooth_mult. Qed.
Lemma coef_he : forall F n, Smooth F -> forall k x, coef (fun x => he (S n) x * F x) k x =
  x * coef (fun x => he n x * F x) k x + match k with O => 0 | S j => coef (fun x => he n x * F x) j x end - INR n * coef (fun x => he' n x * F x)
    k x.
Proof.
  intros F n SF. pose proof (smooth_times _ _ (smooth_he n) SF) as S1. pose proof (smooth_times _ _ (smooth_he' n) SF) as S0.
  pose proof (coef_sequence _ S1) as Q1. pose proof (coef_sequence _ S0) as Q0.
  set (a := coef (fun x => he n x * F x)) in *. set (b := coef (fun x => he' n x * F x)) in *.
  apply (coef_unique _ (fun k x => x * a k x + match k with O => 0 | S j => a j x end - INR n * b k x)).
  - apply (smooth_times (he (S n)) F); auto. apply smooth_he.
  - intros k x. replace (INR (S k) * (x * a (S k) x + a k x - INR n * b (S k) x)) with
      (((1 * a k x + x * (INR (S k) * a (S k) x)) + match k with O => 0 | S j => INR (S j) * a (S j) x end) - INR n * (INR (S k) * b (S k) x)).
    + apply (is_derive_minus (fun x => x * a k x + match k with O => 0 | S j => a j x end)).
      apply (is_derive_plus (fun x => x * a k x)). apply (is_derive_mult (fun x => x) (a k)). exact (is_derive_id x). apply Q1. intros; apply
        Rmult_comm.
      destruct k. exact (is_derive_const 0 x). apply Q1. apply is_derive_scal. apply Q0.
    + destruct k. simpl INR. ring. rewrite (S_INR (S k)). ring.
  - intros. unfold a, b. rewrite !coef_0, he_step. ring.
Qed.
(* From the coefficients of he_n F and he_(n-1) F at a point X to those of he_(n+1) F. *)
Fixpoint he_list (p : F.precision) (X : I.type) (n : I.type) (before : I.type) (l1 l0 : list I.type) : list I.type :=
  match l1, l0 with
  | cons x l1', cons y l0' => cons (I.sub p (I.add p (I.mul p X x) before) (I.mul p n y)) (he_list p X n x l1' l0')
  | _, _ => nil
  end.
Lemma he_list_correct : forall p X N x n, holds X x -> holds N n -> forall l1 l0 B (a b : nat -> R) prev, holds B prev ->
  (forall k, holds (at_ l1 k) (a k)) -> (forall k, holds (at_ l0 k) (b k)) ->
  forall k, holds (at_ (he_list p X N B l1 l0) k) (x * a k + match k with O => prev | S j => a j end - n * b k).
Proof.
  intros p X N x n HX HN. induction l1 as [|u l1]; intros l0 B a b prev HB A L0 k; [destruct k; apply holds_nai|].
  destruct l0 as [|v l0]; [destruct k; apply holds_nai|]. cbn [he_list]. destruct k as [|k].
  - apply holds_sub. apply holds_add; auto. apply holds_mul; auto. exact (A O). apply holds_mul; auto. exact (L0 O).
  - assert (K := IHl1 l0 u (fun k => a (S k)) (fun k => b (S k)) (a O) (A O) (fun k => A (S k)) (fun k => L0 (S k)) k).
    destruct k; exact K.
Qed.
(* The integral of a function over a panel, by its coefficients in the middle and the last one on the whole panel. *)
Definition part_area (p q : F.precision) (B W : I.type) (d : nat) (G E : list I.type) : I.type :=
  I.add p (rule p B B 1 false d G) (I.mul q (I.mul q (I.abs (at_ E d)) W) (unit_ q)).
Lemma part_area_correct : forall p q B W d G E f m b, Smooth f -> holds B b -> 0 <= b -> holds W (2 * (/ INR (S d) * b ^ S d)) ->
  (forall k, holds (at_ G k) (coef f k m)) -> (forall x, m - b <= x <= m + b -> holds (at_ E d) (coef f d x)) ->
  holds (part_area p q B W d G E) (RInt f (m - b) (m + b)).
Proof.
  intros p q B W d G E f m b S HB P HW HG HE.
  assert (exists y, m - b <= y <= m + b /\ forall x, m - b <= x <= m + b -> Rabs (coef f d x) <= Rabs (coef f d y)) as [y [Y1 Y2]].
  { destruct (continuity_ab_maj (fun x => Rabs (coef f d x)) (m - b) (m + b) ltac:(lra)) as [y [Y1 Y2]].
    - intros. apply continuity_pt_filterlim. apply (continuous_comp (coef f d) Rabs); [|apply continuous_Rabs].
      apply (ex_derive_continuous (coef f d)). eexists. now apply coef_sequence.
    - exists y. auto. }
  pose proof (quadrature f S d m b _ P Y2) as Q. unfold part_area.
  replace (RInt f (m - b) (m + b)) with (total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))) +
    (RInt f (m - b) (m + b) - total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))))) by ring.
  apply holds_add.
  - apply (rule_correct p B b HB d _ B O (fun k => coef f k m)). now rewrite pow_1. exact HG.
  - apply holds_wide with (b := Rabs (coef f d y) * (2 * (/ INR (Datatypes.S d) * b ^ Datatypes.S d))).
    + apply holds_mul; auto. apply holds_abs. now apply HE.
    + unfold Rdiv in Q. lra.
Qed.
Fixpoint moments (p q : F.precision) (M X B W : I.type) (d n : nat) (r : Z) (G1 G0 E1 E0 : list I.type) : list I.type :=
  match n with
  | O => nil
  | S n' => cons (part_area p q B W d G1 E1) (moments p q M X B W d n' (r + 1)
      (he_list p M (I.fromZ p r) I.zero G1 G0) G1 (he_list q X (I.fromZ q r) I.zero E1 E0) E1)
  end.
Lemma moments_correct : forall p q M X B W d F m b, Smooth F -> holds M m -> holds B b -> 0 <= b -> holds W (2 * (/ INR (S d) * b ^ S d)) ->
  (forall x, m - b <= x <= m + b -> holds X x) -> forall n r G1 G0 E1 E0,
  (forall k, holds (at_ G1 k) (coef (fun x => he r x * F x) k m)) -> (forall k, holds (at_ G0 k) (coef (fun x => he' r x * F x) k m)) ->
  (forall x, m - b <= x <= m + b -> forall k, holds (at_ E1 k) (coef (fun x => he r x * F x) k x)) ->
  (forall x, m - b <= x <= m + b -> forall k, holds (at_ E0 k) (coef (fun x => he' r x * F x) k x)) ->
  forall i, holds (at_ (moments p q M X B W d n (Z.of_nat r) G1 G0 E1 E0) i) (RInt (fun x => he (r + i) x * F x) (m - b) (m + b)).
Proof.
  intros p q M X B W d F m b SF HM HB P HW HX. induction n; intros r G1 G0 E1 E0 HG1 HG0 HE1 HE0 i; [destruct i; apply holds_nai|].
  cbn [moments]. destruct i as [|i].
  - rewrite Nat.add_0_r. apply part_area_correct; auto. apply smooth_times; auto. apply smooth_he.
  - replace (Z.of_nat r + 1)%Z with (Z.of_nat (S r)) by lia. replace (r + S i)%nat with (S r + i)%nat by lia.
    assert (HN : forall p, holds (I.fromZ p (Z.of_nat r)) (INR r)) by (intros; rewrite INR_IZR_INZ; apply holds_Z).
    apply IHn; auto.
    + intros k. rewrite coef_he by auto. apply (he_list_correct p M _ m (INR r) HM (HN p) G1 G0 _ (fun k => coef (fun x => he r x * F x) k m) (fun
      k => coef (fun x => he' r x * F x) k m) 0); auto. exact holds_0.
    + intros x Hx k. rewrite coef_he by auto. apply (he_list_correct q X _ x (INR r) (HX x Hx) (HN q) E1 E0 _ (fun k => coef (fun x => he r x * F
      x) k x) (fun k => coef (fun x => he' r x * F x) k x) 0); auto. exact holds_0.
Qed.
Definition all_moments (p q : F.precision) (E E' : list I.type) (t : term) (d n : nat) (M B : I.type) : list I.type :=
  let X := I.add q M (I.mul q B (unit_ q)) in
  let t' := decided q E' X t in
  if tame false t' then
    let W := I.mul q (I.fromZ q 2) (I.mul q (over q (I.fromZ q 1) (I.fromZ q (Z.of_nat (S d)))) (raised q B (S d))) in
    let none := constant_ I.zero d in
    moments p q M X B W d n 0 (coefs p E M t' d) none (coefs q E' X t' d) none
  else nil.
Lemma all_moments_correct : forall p q E E' e t d n M B m b, around E e -> around E' e -> holds M m -> holds B b -> 0 <= b ->
  forall r, holds (at_ (all_moments p q E E' t d n M B) r) (RInt (fun x => he r x * value e t x) (m - b) (m + b)).
Proof.
  intros p q E E' e t d n M B m b HE HE' HM HB P r. unfold all_moments.
  set (X := I.add q M (I.mul q B (unit_ q))). set (t' := decided q E' X t).
  destruct (tame false t') eqn:T; [|destruct r; apply holds_nai].
  assert (HX : forall x, m - b <= x <= m + b -> holds X x).
  { intros. apply (holds_part q X M B x m b); auto. apply Rabs_le. lra. }
  pose proof (tame_smooth e t' T) as S.
  assert (Eq : RInt (fun x => he r x * value e t x) (m - b) (m + b) = RInt (fun x => he (0 + r) x * value e t' x) (m - b) (m + b)).
  { apply RInt_ext. rewrite Rmin_left, Rmax_right by lra. intros. f_equal. symmetry. apply decided_correct; auto. apply HX. lra. }
  rewrite Eq.
  assert (A1 : (fun x => he 0 x * value e t' x) = value e t') by (apply functional_extensionality; intros; simpl; ring).
  assert (A0 : (fun x => he' 0 x * value e t' x) = (fun _ => 0)) by (apply functional_extensionality; intros; simpl; ring).
  apply (moments_correct p q M X B _ d (value e t') m b S HM HB P) with (r := O); auto; intros; rewrite ?A0, ?A1.
  - apply holds_mul. apply holds_Z. apply holds_mul; [|now apply raised_correct]. replace (/ INR (Datatypes.S d)) with (1 / INR (Datatypes.S d)) by
    (unfold Rdiv; ring).
    apply holds_over. apply holds_Z. rewrite INR_IZR_INZ. apply holds_Z.
  - now apply coefs_correct.
  - apply constant_correct. exact holds_0.
  - apply coefs_correct; auto.
  - apply constant_correct. exact holds_0.
Qed.
Fixpoint all_areas (p q : F.precision) (E E' : list I.type) (t : term) (d n : nat) (D a : Z) (ends : list Z) : list I.type :=
  match ends with
  | nil => List.repeat I.zero n
  | cons b rest =>
    if Z.leb a b then pointwise (I.add p) (all_moments p q E E' t d n (ratio p (a + b) (2 * D)) (ratio p (b - a) (2 * D)))
      (all_areas p q E E' t d n D b rest)
    else nil
  end.
Lemma holds_zeros : forall n k, holds (at_ (List.repeat I.zero n) k) 0.
Proof. induction n; intros [|k]; simpl; try apply holds_nai. exact holds_0. apply IHn. Qed.
Lemma all_areas_correct : forall p q E E' e t d n D, around E e -> around E' e -> (0 < D)%Z -> tame true t = true -> forall ends a r,
  holds (at_ (all_areas p q E E' t d n D a ends) r) (RInt (fun x => he r x * value e t x) (IZR a / IZR D) (IZR (last_ a ends) / IZR D)).
Proof.
  intros p q E E' e t d n D HE HE' HD T. assert (P : 0 < IZR D) by now apply IZR_lt.
  assert (I0 : forall r u v, ex_RInt (fun x => he r x * value e t x) u v).
  { intros. apply (ex_RInt_continuous (fun x => he r x * value e t x)). intros. apply (continuous_mult (he r) (value e t)). apply he_continuous.
    now apply tame_continuous. }
  induction ends as [|b ends]; intros a r; cbn [all_areas last_].
  - rewrite RInt_point. apply holds_zeros.
  - destruct (Z.leb_spec a b); [|destruct r; apply holds_nai].
    rewrite <- (RInt_Chasles (fun x => he r x * value e t x) (IZR a / IZR D) (IZR b / IZR D)) by apply I0.
    apply (pointwise_correct _ _ (holds_add p) _ _ (fun r => RInt (fun x => he r x * value e t x) (IZR a / IZR D) (IZR b / IZR D))
      (fun r => RInt (fun x => he r x * value e t x) (IZR b / IZR D) (IZR (last_ b ends) / IZR D))); auto.
    intros k. replace (IZR a / IZR D) with (IZR (a + b) / IZR (2 * D) - IZR (b - a) / IZR (2 * D)).
    replace (IZR b / IZR D) with (IZR (a + b) / IZR (2 * D) + IZR (b - a) / IZR (2 * D)).
    + apply all_moments_correct; auto using ratio_correct. rewrite mult_IZR, minus_IZR. apply IZR_le in H.
      apply Rmult_le_pos. lra. left. apply Rinv_0_lt_compat. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
Qed.
(* --- how fast Hermite polynomials grow: at most a number times exp(k|x|) --- *)
Fixpoint he_zero (n : nat) : Z := match n with O => 1%Z | S m => (- Z.of_nat m * match m with O => 0 | S p => he_zero p end)%Z end.
Lemma he_zero_correct : forall n, he n 0 = IZR (he_zero n).
Proof.
  assert (H : forall n, he n 0 = IZR (he_zero n) /\ he (S n) 0 = IZR (he_zero (S n))).
  { induction n as [|n [A B]]. split. reflexivity. simpl. lra. split; auto. rewrite he_step. change (he' (S n) 0) with (he n 0). rewrite A.
    change (he_zero (S (S n))) with (- Z.of_nat (S n) * he_zero n)%Z. rewrite mult_IZR, opp_IZR, <- INR_IZR_INZ. ring. }
  intros. exact (proj1 (H n)).
Qed.
Fixpoint steep (k : R) (n : nat) : R := match n with O => 1 | S m => Rabs (he (S m) 0) + INR (S m) / k * steep k m end.
Lemma he_parity : forall n x, he n (- x) = (-1) ^ n * he n x.
Proof.
  assert (H : forall n x, he n (- x) = (-1) ^ n * he n x /\ he (S n) (- x) = (-1) ^ S n * he (S n) x).
  { induction n as [|n]; intros. split; simpl; ring. destruct (IHn x) as [A B]. split; auto. rewrite !(he_step (S n)).
    change (he' (S n)) with (he n). rewrite A, B. simpl. ring. }
  intros. exact (proj1 (H n x)).
Qed.
Lemma steep_positive : forall k n, 0 < k -> 0 <= steep k n.
Proof.
  intros k n K. induction n; cbn [steep]. lra. apply Rplus_le_le_0_compat. apply Rabs_pos. apply Rmult_le_pos; auto.
  apply Rmult_le_pos. apply pos_INR. left; now apply Rinv_0_lt_compat.
Qed.
Lemma he_grows : forall k, 0 < k -> forall n x, Rabs (he n x) <= steep k n * exp (k * Rabs x).
Proof.
  intros k K. assert (R : forall n x, 0 <= x -> Rabs (he n x) <= steep k n * exp (k * x)).
  { induction n; intros x X.
    - simpl. rewrite Rabs_R1, Rmult_1_l, <- exp_0. apply exp_more. apply Rmult_le_pos; lra.
    - set (C := steep k (S n)). assert (C0 : C * k = Rabs (he (S n) 0) * k + INR (S n) * steep k n) by (unfold C; cbn [steep]; field; lra).
      assert (DE : forall y, is_derive (fun y => C * exp (k * y)) y (C * k * exp (k * y))) by (intros; auto_derive; auto; reals; ring).
      assert (B : forall y, 0 <= y <= x -> Rabs (INR (S n) * he n y) <= C * k * exp (k * y)).
      { intros. rewrite Rabs_mult, (Rabs_pos_eq (INR _)) by apply pos_INR. specialize (IHn y ltac:(lra)). pose proof (pos_INR (S n)). pose proof
        (exp_pos (k * y)).
        rewrite C0, Rmult_plus_distr_r. assert (0 <= Rabs (he (S n) 0) * k * exp (k * y)) by (repeat apply Rmult_le_pos; try lra; apply Rabs_pos).
        assert (INR (S n) * Rabs (he n y) <= INR (S n) * (steep k n * exp (k * y))) by now apply Rmult_le_compat_l. lra. }
      assert (Z : Rabs (he (S n) 0) <= C). { unfold C. cbn [steep]. assert (0 <= INR (S n) / k * steep k n); [|lra].
        apply Rmult_le_pos. apply Rmult_le_pos. apply pos_INR. left; now apply Rinv_0_lt_compat. now apply steep_positive. }
      apply Rabs_le_between in Z. apply Rabs_le. split.
      + assert (Q := grows (fun y => C * exp (k * y) + he (S n) y) (fun y => C * k * exp (k * y) + INR (S n) * he' (S n) y) 0 x X).
        cbv beta in Q. rewrite Rmult_0_r, exp_0 in Q. enough (C * 1 + he (S n) 0 <= C * exp (k * x) + he (S n) x) by lra. apply Q.
        intros. apply (is_derive_plus (fun y => C * exp (k * y)) (he (S n))). apply DE. apply he_derive.
        intros. specialize (B x0 H). change (he' (S n) x0) with (he n x0). apply Rabs_le_between in B. lra.
      + assert (Q := grows (fun y => C * exp (k * y) - he (S n) y) (fun y => C * k * exp (k * y) - INR (S n) * he' (S n) y) 0 x X).
        cbv beta in Q. rewrite Rmult_0_r, exp_0 in Q. enough (C * 1 - he (S n) 0 <= C * exp (k * x) - he (S n) x) by lra. apply Q.
        intros. apply (is_derive_minus (fun y => C * exp (k * y)) (he (S n))). apply DE. apply he_derive.
        intros. specialize (B x0 H). change (he' (S n) x0) with (he n x0). apply Rabs_le_between in B. lra. }
  intros. destruct (Rle_dec 0 x). rewrite (Rabs_pos_eq x) by auto. now apply R.
  rewrite (Rabs_left x) by lra. replace (Rabs (he n x)) with (Rabs (he n (- x))). apply R. lra.
  rewrite he_parity, Rabs_mult, <- RPow_abs, Rabs_left by lra. replace (- -1) with 1 by ring. rewrite pow1. ring.
Qed.
Fixpoint steep_list (q : F.precision) (k : Z) (r n : nat) (x : I.type) : list I.type :=
  match n with
  | O => nil
  | S n' => cons x (steep_list q k (S r) n' (I.add q (I.abs (I.fromZ q (he_zero (S r)))) (I.mul q (over q (I.fromZ q (Z.of_nat (S r))) (I.fromZ q
    k)) x)))
  end.
Lemma steep_list_correct : forall q k n r X, holds X (steep (IZR k) r) -> forall i, holds (at_ (steep_list q k r n X) i) (steep (IZR k) (r + i)).
Proof.
  induction n; intros r X H i; [destruct i; apply holds_nai|]. destruct i as [|i].
  - now rewrite Nat.add_0_r.
  - replace (r + S i)%nat with (S r + i)%nat by lia. apply IHn. cbn [steep]. apply holds_add. rewrite he_zero_correct. apply holds_abs, holds_Z.
    apply holds_mul; auto. rewrite INR_IZR_INZ. apply holds_over; apply holds_Z.
Qed.
(* --- bounds of a pair: panels from -R to R, R = last/D, the tails, and the terms from the n-th on --- *)
Definition term_same (a b : term) : {a = b} + {a <> b}.
Proof. decide equality; first [apply Z.eq_dec | apply Nat.eq_dec]. Defined.
(* f, or f from zero on and 0 below. *)
Definition sided (half : bool) (f : R -> R) : R -> R := if half then joined (fun _ => 0) f else f.
Lemma step_sided : forall s, 0 < s -> (fun u => step (u * s)) = sided true (fun _ => 1).
Proof.
  intros s S. apply functional_extensionality. intros u. unfold step, sided, joined.
  destruct (Rlt_dec (u * s) 0), (Rlt_dec u 0); auto; [|exfalso; nra]. exfalso. assert (0 <= u * s) by (apply Rmult_le_pos; lra). lra.
Qed.
Definition within (k : nat) (kk D a : Z) (ends : list Z) (t : term) : bool :=
  Z.ltb 0 D && tame true t && Z.eqb a (- last_ a ends) && Z.ltb (2 * (Z.of_nat k + kk) * D) (last_ a ends) && Z.ltb 0 kk
  && Z.eqb (last_ a ends) (last_ 0 (List.filter (Z.ltb 0) ends)).
Definition hermite (p q : F.precision) (l : list box) (half : bool) (t : term) (d n : nat) (kk D a : Z) (ends : list Z) : list I.type :=
  match growth q (boxes q l) t with
  | None => nil
  | Some (c, k) =>
    if within k kk D a ends t then
      let R0 := ratio q (last_ a ends) D in
      let s := I.sub q (over q R0 (I.fromZ q 2)) (I.fromZ q (Z.of_nat k + kk)) in
      let w := over q (I.mul q (I.fromZ q 2) (I.mul q c (I.exp q (I.mul q (I.neg s) R0)))) s in
      let root := I.sqrt p (I.mul p (I.fromZ p 2) (I.pi p)) in
      pointwise (fun x y => over p (I.add p x (I.mul q (I.mul q w y) (unit_ q))) root)
        (all_areas p q (boxes p l) (boxes q l) (Mul t bell_) d n D (if half then 0%Z else a) (if half then List.filter (Z.ltb 0) ends else ends))
        (steep_list q kk 0 n (I.fromZ q 1))
    else nil
  end.
Lemma pointwise_all : forall op a b (c d v : nat -> R), (forall k X Y, holds X (c k) -> holds Y (d k) -> holds (op X Y) (v k)) ->
  (forall k, holds (at_ a k) (c k)) -> (forall k, holds (at_ b k) (d k)) -> forall k, holds (at_ (pointwise op a b) k) (v k).
Proof.
  intros op. induction a as [|x a]; intros b c d v Op A B k; [destruct k; apply holds_nai|].
  destruct b as [|y b]; [destruct k; apply holds_nai|]. destruct k as [|k]; simpl.
  - apply Op. exact (A O). exact (B O).
  - apply (IHa b (fun k => c (S k)) (fun k => d (S k)) (fun k => v (S k))). intros; now apply Op. intros i. exact (A (S i)). intros i. exact (B (S
    i)).
Qed.
Lemma sided_less : forall half f B x, Rabs (f x) <= B -> Rabs (sided half f x) <= B.
Proof. intros [|] f B x H; auto. unfold sided, joined. destruct Rlt_dec; auto. rewrite Rabs_R0. apply Rle_trans with (2 := H), Rabs_pos. Qed.
Lemma fine_term : forall p l t e X k, List.Forall2 boxed l e -> tame true t = true -> growth p (boxes p l) t = Some (X, k) -> forall half, fine
  (sided half (value e t)).
Proof.
  intros p l t e X k HE T G. pose proof (boxes_correct p l e HE) as HP. destruct (growth_correct p _ e HP t X k G) as [c [C1 [C2 C3]]].
  assert (F : fine (value e t)). { apply fine_continuous. intros; now apply tame_continuous. exists c, k. auto. }
  intros [|]; auto. split. exists (fun _ => 0), (value e t). repeat split; auto. intros; apply continuous_const. intros; now apply tame_continuous.
  exists c, k. split; auto. intros. now apply (sided_less true).
Qed.
Lemma hermite_correct : forall p q l half t d n kk D a ends e, List.Forall2 boxed l e ->
  forall r, holds (at_ (hermite p q l half t d n kk D a ends) r) (Mean (fun x => sided half (value e t) x * he r x)).
Proof.
  intros p q l half t d n kk D a ends e HE r. unfold hermite.
  pose proof (boxes_correct p l e HE) as HP. pose proof (boxes_correct q l e HE) as HQ.
  destruct (growth q (boxes q l) t) as [[X k]|] eqn:G; [|destruct r; apply holds_nai].
  destruct (within k kk D a ends t) eqn:W; [|destruct r; apply holds_nai].
  destruct (growth_correct q _ e HQ t X k G) as [c [C1 [C2 C3]]]. unfold within in W. parts.
  match goal with T : tame true t = true |- _ => rename T into Tm end.
  match goal with T : Z.ltb 0 D = true |- _ => rename T into TD end.
  match goal with T : Z.ltb 0 kk = true |- _ => rename T into Tk end.
  match goal with T : Z.eqb a _ = true |- _ => rename T into Ta end.
  match goal with T : Z.eqb _ (last_ 0 _) = true |- _ => apply Z.eqb_eq in T; rename T into Te end.
  match goal with T : Z.ltb (2 * _ * D) _ = true |- _ => rename T into Tf end.
  apply Z.ltb_lt in TD, Tk, Tf. apply Z.eqb_eq in Ta.
  assert (PD : 0 < IZR D) by now apply IZR_lt. assert (PK : 0 < IZR kk) by now apply IZR_lt.
  set (R0 := IZR (last_ a ends) / IZR D). set (k' := (k + Z.to_nat kk)%nat).
  assert (K' : INR k' = IZR (Z.of_nat k + kk)) by (unfold k'; rewrite INR_IZR_INZ; f_equal; lia).
  assert (Fa : 2 * INR k' < R0).
  { unfold R0. apply Rmult_lt_reg_r with (IZR D); auto. replace (IZR (last_ a ends) / IZR D * IZR D) with (IZR (last_ a ends)) by (field; lra).
    rewrite K', <- !mult_IZR. now apply IZR_lt. }
  set (h := value e t) in *. set (a' := if half then 0%Z else a). set (ends' := if half then List.filter (Z.ltb 0) ends else ends).
  refine (pointwise_all _ _ _ (fun r => RInt (fun x => he r x * value e (Mul t bell_) x) (IZR a' / IZR D) (IZR (last_ a' ends') / IZR D))
    (fun r => steep (IZR kk) r) (fun r => Mean (fun x => sided half h x * he r x)) _ _ _ r).
  2: { apply (all_areas_correct p q _ _ e (Mul t bell_) d n D HP HQ); auto. simpl. now rewrite Tm. }
  2: { apply (steep_list_correct q kk n O). cbn [steep]. apply holds_Z. }
  clear r. intros r A S HA HS. set (f := fun x => sided half h x * he r x).
  assert (Fb : forall x, Rabs (f x) <= c * steep (IZR kk) r * exp (INR k' * Rabs x)).
  { intros. unfold f. rewrite Rabs_mult. rewrite K', plus_IZR, <- INR_IZR_INZ, Rmult_plus_distr_r, exp_plus.
    replace (c * steep (IZR kk) r * _) with ((c * exp (INR k * Rabs x)) * (steep (IZR kk) r * exp (IZR kk * Rabs x))) by ring.
    apply Rmult_le_compat; try apply Rabs_pos. now apply sided_less. now apply he_grows. }
  assert (Fc : fine f). { apply fine_mult. now apply (fine_term q l t e X k). apply fine_he. }
  pose proof (fine_integrable f Fc) as Fi.
  destruct (whole_exists_if f _ k' R0 Fb Fa Fi) as [L [Wh B]]. destruct (mean_is _ _ Wh) as [_ ->]. specialize (B R0 ltac:(lra)).
  apply holds_over. 2: { apply holds_sqrt, holds_mul. apply holds_Z. apply holds_pi. }
  replace L with (RInt (fun x => f x * bell x) (- R0) R0 + (L - RInt (fun x => f x * bell x) (- R0) R0)) by ring.
  apply holds_add.
  - assert (R0P : 0 <= R0) by (pose proof (pos_INR k'); lra).
    assert (Gx : forall x, he r x * value e (Mul t bell_) x = h x * he r x * bell x) by (intros; unfold bell, bell_; cbn [value]; fold h; ring).
    replace (RInt (fun x => f x * bell x) (- R0) R0) with (RInt (fun x => he r x * value e (Mul t bell_) x) (IZR a' / IZR D) (IZR (last_ a' ends')
      / IZR D)); auto.
    unfold a', ends'. destruct half.
    + rewrite <- Te. fold R0. replace (0 / IZR D) with 0 by (unfold Rdiv; ring). rewrite <- (RInt_Chasles (fun x => f x * bell x) (- R0) 0 R0) by
      apply Fi.
      rewrite (RInt_ext (fun x => f x * bell x) (fun _ => 0) (- R0) 0).
      2: { rewrite Rmin_left, Rmax_right by lra. intros. unfold f, sided, joined. destruct Rlt_dec; [|lra]. rewrite !Rmult_0_l. reflexivity. }
      rewrite RInt_const. assert (Z0 : forall u v : R, plus (scal u 0) v = v) by (intros; unfold plus, scal; simpl; unfold mult; simpl; ring).
        rewrite Z0.
      apply RInt_ext. rewrite Rmin_left, Rmax_right by lra. intros. rewrite Gx. unfold f, sided, joined. destruct Rlt_dec; [lra | reflexivity].
    + replace (IZR a / IZR D) with (- R0). 2: { rewrite Ta. unfold R0. rewrite opp_IZR. field. lra. } fold R0. apply area_ext. exact Gx.
  - apply holds_wide with (b := tails (c * steep (IZR kk) r) k' R0 R0); auto. unfold tails.
    assert (HR : holds (ratio q (last_ a ends) D) R0) by apply ratio_correct.
    assert (HS' : holds (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k + kk))) (R0 / 2 - INR k')).
    { rewrite K'. apply holds_sub; [|apply holds_Z]. apply holds_over; auto. apply holds_Z. }
    replace (2 * (c * steep (IZR kk) r * exp (- (R0 / 2 - INR k') * R0) / (R0 / 2 - INR k'))) with
      (2 * (c * exp (- (R0 / 2 - INR k') * R0)) / (R0 / 2 - INR k') * steep (IZR kk) r) by (field; lra).
    apply holds_mul; auto. apply holds_over; auto. apply holds_mul; [apply holds_Z|]. apply holds_mul; auto. apply holds_exp, holds_mul; auto. now
      apply holds_neg.
Qed.

(* w = c^r / r!; the terms w a_r b_r. *)
Fixpoint mehler (p : F.precision) (C w : I.type) (r : Z) (A B : list I.type) : I.type :=
  match A, B with
  | cons x A', cons y B' => I.add p (I.mul p w (I.mul p x y)) (mehler p C (over p (I.mul p w C) (I.fromZ p (r + 1))) (r + 1) A' B')
  | _, _ => I.zero
  end.
Lemma mehler_correct : forall p C c, holds C c -> forall A B W r (a b : nat -> R), length A = length B -> holds W (c ^ r / INR (fact r)) ->
  (forall k, holds (at_ A k) (a k)) -> (forall k, holds (at_ B k) (b k)) ->
  holds (mehler p C W (Z.of_nat r) A B) (total (length A) (fun i => c ^ (r + i) / INR (fact (r + i)) * (a i * b i))).
Proof.
  intros p C c HC. induction A as [|x A]; intros B W r a b L HW HA HB; [exact holds_0|].
  destruct B as [|y B]; [discriminate L|]. cbn [mehler length total]. rewrite Nat.add_0_r. apply holds_add.
  - apply holds_mul; auto. apply holds_mul. exact (HA O). exact (HB O).
  - replace (Z.of_nat r + 1)%Z with (Z.of_nat (S r)) by lia.
    rewrite (total_ext _ _ (fun i => c ^ (S r + i) / INR (fact (S r + i)) * (a (S i) * b (S i)))) by (intros; now replace (r + S i)%nat with (S r +
      i)%nat by lia).
    apply (IHA B _ (S r) (fun i => a (S i)) (fun i => b (S i))). now injection L.
    + replace (c ^ S r / INR (fact (S r))) with (c ^ r / INR (fact r) * c / INR (S r)).
      * rewrite (INR_IZR_INZ (S r)). apply holds_over; [|apply holds_Z]. now apply holds_mul.
      * change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR. simpl pow. field. split. apply not_0_INR, fact_neq_0. apply not_0_INR. lia.
    + intros k. exact (HA (S k)).
    + intros k. exact (HB (S k)).
Qed.
Definition sized (p : F.precision) (c : I.type) (k : nat) : I.type := I.mul p c (I.exp p (I.fromZ p (Z.of_nat (k * k)))).
Lemma sized_correct : forall p X c k, holds X c -> holds (sized p X k) (c * exp (INR k ^ 2)).
Proof.
  intros. apply holds_mul; auto. apply holds_exp. replace (INR k ^ 2) with (INR (k * k)) by (rewrite mult_INR; ring). rewrite INR_IZR_INZ. apply
    holds_Z.
Qed.
Definition side_same (ht : bool) (t : term) (hu : bool) (u : term) : {(ht, t) = (hu, u)} + {(ht, t) <> (hu, u)}.
Proof. decide equality; [apply term_same | apply Bool.bool_dec]. Defined.
Definition pair_check (p q : F.precision) (l : list box) (ht : bool) (t : term) (hu : bool) (u : term) (d n : nat) (kk D a : Z) (ends : list Z)
  (corr : box) (lo hi : Z * Z) : bool :=
  match growth q (boxes q l) t, growth q (boxes q l) u with
  | Some (x, k), Some (y, m) =>
    let C := I.join (ratio p (fst (fst corr)) (snd (fst corr))) (ratio p (fst (snd corr)) (snd (snd corr))) in
    let A := hermite p q l ht t d n kk D a ends in
    let B := if side_same ht t hu u then A else hermite p q l hu u d n kk D a ends in
    let s := I.sqrt q (I.sub q (I.fromZ q 1) (raised q C 2)) in
    let rest := I.mul q (I.mul q (I.mul q (I.fromZ q 2) (sized q x k)) (sized q y m)) (over q (raised q (I.abs C) n) s) in
    let M := I.add p (mehler p C (I.fromZ p 1) 0 A B) (I.mul q rest (unit_ q)) in
    tame true t && tame true u && Nat.eqb (length A) n && Nat.eqb (length B) n
    && Z.ltb 0 (snd (fst corr)) && Z.ltb 0 (snd (snd corr)) && Z.ltb (- snd (fst corr)) (fst (fst corr)) && Z.ltb (fst (snd corr)) (snd (snd corr))
    && known_nonneg (I.sub p M (ratio p (fst lo) (snd lo))) && known_nonneg (I.sub p (ratio p (fst hi) (snd hi)) M)
  | _, _ => false
  end.
Theorem pair_bounds : forall p q l ht t hu u d n kk D a ends corr lo hi, pair_check p q l ht t hu u d n kk D a ends corr lo hi = true ->
  forall e c, List.Forall2 boxed l e -> boxed corr c -> has_pair c (sided ht (value e t)) (sided hu (value e u)) /\
    IZR (fst lo) / IZR (snd lo) <= Pair c (sided ht (value e t)) (sided hu (value e u)) <= IZR (fst hi) / IZR (snd hi).
Proof.
  intros p q l ht t hu u d n kk D a ends corr lo hi K e c HE Hc. unfold pair_check in K.
  destruct (growth q (boxes q l) t) as [[x k]|] eqn:Gt; try discriminate K. destruct (growth q (boxes q l) u) as [[y m]|] eqn:Gu; try discriminate K.
  pose proof (hermite_correct p q l ht t d n kk D a ends e HE) as HA.
  assert (HB : forall r, holds (at_ (if side_same ht t hu u then hermite p q l ht t d n kk D a ends else hermite p q l hu u d n kk D a ends) r)
    (Mean (fun x => sided hu (value e u) x * he r x))).
  { destruct (side_same ht t hu u) as [E|_]; [injection E as <- <-; exact HA | now apply hermite_correct]. }
  set (A := hermite p q l ht t d n kk D a ends) in *. set (B := if side_same ht t hu u then A else hermite p q l hu u d n kk D a ends) in *.
  set (C := I.join _ _) in *. cbv zeta in K. parts.
  match goal with H : Nat.eqb (length A) n = true |- _ => apply Nat.eqb_eq in H; rename H into LA end.
  match goal with H : Nat.eqb (length B) n = true |- _ => apply Nat.eqb_eq in H; rename H into LB end.
  match goal with H : tame true t = true |- _ => rename H into Tt end.
  match goal with H : tame true u = true |- _ => rename H into Tu end.
  match goal with H : Z.ltb 0 (snd (fst corr)) = true |- _ => apply Z.ltb_lt, IZR_lt in H; rename H into D1 end.
  match goal with H : Z.ltb 0 (snd (snd corr)) = true |- _ => apply Z.ltb_lt, IZR_lt in H; rename H into D2 end.
  match goal with H : Z.ltb (- _) _ = true |- _ => apply Z.ltb_lt, IZR_lt in H; rewrite opp_IZR in H; rename H into L1 end.
  match goal with H : Z.ltb (fst (snd corr)) _ = true |- _ => apply Z.ltb_lt, IZR_lt in H; rename H into L2 end.
  match goal with H : known_nonneg (I.sub p _ (ratio p (fst lo) _)) = true |- _ => rename H into Tl end.
  match goal with H : known_nonneg (I.sub p (ratio p (fst hi) _) _) = true |- _ => rename H into Th end.
  assert (HC : holds C c). { unfold C. eapply holds_join; [apply ratio_correct | apply ratio_correct | exact Hc]. }
  assert (Ic : Rabs c < 1).
  { unfold boxed in Hc. apply Rabs_def1.
    - apply Rle_lt_trans with (1 := proj2 Hc). apply Rmult_lt_reg_r with (IZR (snd (snd corr))); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by
      lra. lra.
    - apply Rlt_le_trans with (2 := proj1 Hc). apply Rmult_lt_reg_r with (IZR (snd (fst corr))); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by
      lra. lra. }
  pose proof (fine_term q l t e x k HE Tt Gt ht) as Ft. pose proof (fine_term q l u e y m HE Tu Gu hu) as Fu.
  destruct (growth_correct q _ e (boxes_correct q l e HE) t x k Gt) as [c1 [P1 [X1 B1]]]. destruct (growth_correct q _ e (boxes_correct q l e HE) u
    y m Gu) as [c2 [P2 [X2 B2]]].
  pose proof (pair_within c (sided ht (value e t)) (sided hu (value e u)) n c1 k c2 m Ic Ft Fu P1 P2 (fun z => sided_less ht _ _ z (B1 z)) (fun z
    => sided_less hu _ _ z (B2 z))) as Q.
  pose proof (mehler_correct p C c HC A B (I.fromZ p 1) O (fun r => Mean (fun x => sided ht (value e t) x * he r x)) (fun r => Mean (fun x => sided
    hu (value e u) x * he r x))) as S.
  rewrite LA, LB in S. specialize (S eq_refl). replace (c ^ 0 / INR (fact 0)) with 1 in S by (simpl; field). specialize (S (holds_Z p 1) HA HB).
  change (Z.of_nat 0) with 0%Z in S. cbn [Nat.add] in S.
  set (T := total n (fun i => c ^ i / INR (fact i) * (Mean (fun x => sided ht (value e t) x * he i x) * Mean (fun x => sided hu (value e u) x * he
    i x)))) in *.
  assert (HM : holds (I.add p (mehler p C (I.fromZ p 1) 0 A B) (I.mul q (I.mul q (I.mul q (I.mul q (I.fromZ q 2) (sized q x k)) (sized q y m))
    (over q (raised q (I.abs C) n) (I.sqrt q (I.sub q (I.fromZ q 1) (raised q C 2))))) (unit_ q))) (Pair c (sided ht (value e t)) (sided hu (value
      e u)))).
  { replace (Pair c (sided ht (value e t)) (sided hu (value e u))) with (T + (Pair c (sided ht (value e t)) (sided hu (value e u)) - T)) by ring.
    apply holds_add; auto.
    apply holds_wide with (2 := Q). apply holds_mul. apply holds_mul. apply holds_mul. apply holds_Z. now apply sized_correct. now apply
      sized_correct.
    apply holds_over. apply raised_correct. now apply holds_abs. apply holds_sqrt, holds_sub. apply holds_Z. now apply raised_correct. }
  split. apply (pair_is c Ic (sided ht (value e t)) (sided hu (value e u)) Ft Fu). split.
  - apply (known_nonneg_correct _ (Pair c (sided ht (value e t)) (sided hu (value e u)) - IZR (fst lo) / IZR (snd lo))) in Tl. lra. apply
    holds_sub; auto. apply ratio_correct.
  - apply (known_nonneg_correct _ (IZR (fst hi) / IZR (snd hi) - Pair c (sided ht (value e t)) (sided hu (value e u)))) in Th. lra. apply
    holds_sub; auto. apply ratio_correct.
Qed.
End Pairs.
